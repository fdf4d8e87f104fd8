namespace RocketOps.Faults.Tests.Histories;

/// <summary>The positive control: each broken history is found, so a passed run means something.</summary>
public sealed class HistoryCheckTests
{
    private static readonly Attempt[] Attempts = [new(1, 0, 0, 0), new(1, 1, 0, 1), new(2, 0, 0, 2), new(2, 1, 0, null)];

    private static readonly Reading[] Intact = [new(0, 0, "1/0"), new(0, 1, "1/1"), new(0, 2, "2/0")];

    [Fact]
    public void Violations_IntactHistory_None()
    {
        HistoryCheck.Violations(Attempts, Intact, Intact).Should().BeEmpty();
    }

    [Fact]
    public void Violations_UnacknowledgedMessageStored_None()
    {
        HistoryCheck.Violations(Attempts, [], [.. Intact, new Reading(0, 3, "2/1")]).Should().BeEmpty();
    }

    [Fact]
    public void Violations_AcknowledgedMessageMissing_Lost()
    {
        HistoryCheck.Violations(Attempts, [], Intact[..2]).Should().ContainSingle().Which.Should().StartWith("acknowledged and lost");
    }

    [Fact]
    public void Violations_AcknowledgedOffsetHoldsAnother_Lost()
    {
        Reading[] swapped = [new(0, 0, "1/0"), new(0, 1, "2/0"), new(0, 2, "1/1")];

        HistoryCheck.Violations(Attempts, [], swapped).Should().HaveCount(2).And.OnlyContain(text => text.StartsWith("acknowledged and lost"));
    }

    [Fact]
    public void Violations_ReadDuringRunAndGone_Vanished()
    {
        HistoryCheck.Violations(Attempts, [new Reading(0, 3, "2/1")], Intact).Should().ContainSingle().Which.Should().StartWith("read once and gone");
    }

    [Fact]
    public void Violations_TwoMessagesAtOneOffset_Found()
    {
        HistoryCheck.Violations(Attempts, [], [.. Intact, new Reading(0, 2, "2/1")]).Should().ContainSingle().Which.Should().StartWith("two messages");
    }

    [Fact]
    public void Violations_SameMessageTwice_Found()
    {
        HistoryCheck.Violations(Attempts, [], [.. Intact, new Reading(0, 3, "2/0")]).Should().Contain(text => text.Contains("stored twice"));
    }

    [Fact]
    public void Violations_HoleInQueue_Found()
    {
        HistoryCheck.Violations(Attempts, [], [.. Intact, new Reading(0, 4, "2/1")]).Should().ContainSingle().Which.Should().StartWith("queue 0 ends at 4");
    }

    [Fact]
    public void Violations_OrderOfAProducerBroken_Found()
    {
        Attempt[] acknowledged = [new(1, 0, 0, 1), new(1, 1, 0, 0)];

        HistoryCheck.Violations(acknowledged, [], [new Reading(0, 0, "1/1"), new Reading(0, 1, "1/0")])
            .Should().ContainSingle().Which.Should().StartWith("order of producer 1 broken");
    }

    [Fact]
    public void Violations_GivenUpSendArrivesLate_None()
    {
        Attempt[] attempts = [new(1, 0, 0, null), new(1, 1, 0, 0)];

        HistoryCheck.Violations(attempts, [], [new Reading(0, 0, "1/1"), new Reading(0, 1, "1/0")]).Should().BeEmpty();
    }

    [Fact]
    public void Violations_MessageNobodySent_Found()
    {
        HistoryCheck.Violations(Attempts, [], [.. Intact, new Reading(0, 3, "9/9")]).Should().ContainSingle().Which.Should().StartWith("nobody sent");
    }
}
