namespace RocketOps.Faults.Tests.Histories;

/// <summary>The positive control of the random histories: each broken one is found.</summary>
public sealed class RandomHistoryCheckTests
{
    private static readonly GroupOfHistory[] Groups = [new("g", "T", IsAlone: true), new("o", "O", IsOrderly: true)];

    private static readonly SentMessage[] Sent =
    [
        new("T", "k", 0, IsAcknowledged: true), new("T", "k", 1, IsAcknowledged: false), new("T", "k", 2, IsAcknowledged: true, IsRolledBack: true),
        new("T", "k", 3, IsAcknowledged: true, NotBefore: 1_000), new("O", "a", 0, IsAcknowledged: true), new("O", "a", 1, IsAcknowledged: true), new("O", "b", 0, IsAcknowledged: true),
    ];

    private static readonly Receipt[] Intact =
    [
        new(1, "g", "T/k/3", 1_000, QueueId: 0, QueueOffset: 1), new(2, "g", "T/k/0", 5, QueueId: 0, QueueOffset: 0),
        new(3, "o", "O/a/0", 5), new(4, "o", "O/b/0", 6), new(5, "o", "O/a/1", 7), new(6, "o", "O/a/0", 8), new(7, "o", "O/a/1", 9),
    ];

    [Fact]
    public void Violations_IntactWithRepetitions_None() => Check(Intact).Should().BeEmpty();

    [Fact]
    public void Violations_UnacknowledgedReceived_None() => Check([.. Intact, new(8, "g", "T/k/1", 5)]).Should().BeEmpty();

    [Fact]
    public void Violations_AcknowledgedNotReceived_Lost() => Check([.. Intact.Where(static receipt => receipt.Body != "T/k/0")]).Should().ContainSingle().Which.Should().StartWith("acknowledged and lost to g");

    [Fact]
    public void Violations_RolledBackReceived_Found() => Check([.. Intact, new(8, "g", "T/k/2", 5)]).Should().ContainSingle().Which.Should().StartWith("rolled back and received");

    [Fact]
    public void Violations_Early_Found() => Check([.. Intact, new(8, "g", "T/k/3", 999)]).Should().ContainSingle().Which.Should().StartWith("received 1 ms early");

    [Fact]
    public void Violations_OrderOfAKeyBroken_Found() =>
        Check([.. Intact.Where(static receipt => receipt.Group == "g"), new(3, "o", "O/a/1", 5), new(4, "o", "O/a/0", 6), new(5, "o", "O/b/0", 6)])
            .Should().ContainSingle().Which.Should().StartWith("order of key a broken");

    [Fact]
    public void Violations_NobodySent_Found() => Check([.. Intact, new(8, "g", "O/a/0", 5)]).Should().ContainSingle().Which.Should().StartWith("nobody sent");

    [Fact]
    public void Violations_OffsetRanBack_Found() =>
        Check(Intact, new("g", 0, 2, Kills: 0), new("g", 1, 0, Kills: 0), new("g", 0, 1, Kills: 0)).Should().ContainSingle().Which.Should().StartWith("offset ran back from 2");

    [Fact]
    public void Violations_OffsetOfAGroupWithMembersRanBack_None() =>
        Check([.. Intact, new(8, "o", "O/b/0", 9, QueueId: 0, QueueOffset: 0)], new("o", 0, 1, Kills: 0), new("o", 0, 0, Kills: 0)).Should().BeEmpty();

    [Fact]
    public void Violations_OffsetAheadOfAMessage_Found() => Check(Intact, new CommittedOffset("g", 0, 3, Kills: 0)).Should().ContainSingle().Which.Should().StartWith("offset ahead of 2");

    [Fact]
    public void Violations_OffsetAheadOfWhatCameLater_Found() =>
        Check(Intact, new("g", 0, 0, Kills: 0, Received: 1), new("g", 0, 1, Kills: 0, Received: 1)).Should().ContainSingle().Which.Should().StartWith("offset ahead of 0");

    [Fact]
    public void Violations_OffsetRanBackByAKill_None() => Check(Intact, new("g", 0, 2, Kills: 0), new("g", 0, 1, Kills: 1)).Should().BeEmpty();

    [Fact]
    public void Violations_NotReceivedAgainAfterARewind_Found()
    {
        SentMessage[] sent = [new("T", "k", 0, IsAcknowledged: true, At: 5), new("T", "k", 1, IsAcknowledged: true, At: 6), new("T", "k", 2, IsAcknowledged: true, At: 7)];
        Receipt[] receipts = [new(1, "g", "T/k/0", 9), new(2, "g", "T/k/1", 9), new(3, "g", "T/k/2", 9), new(4, "g", "T/k/2", 9)];

        RandomHistoryCheck.Violations(new RandomHistory(sent, receipts, Groups, [], [new Rewind("g", To: 6, At: 8, Received: 3), new Rewind("g", To: 5, At: 6, Received: 0)])).Should().ContainSingle().Which.Should().StartWith("not received again").And.Contain("Sequence = 1");
    }

    private static IReadOnlyList<string> Check(IReadOnlyCollection<Receipt> receipts, params CommittedOffset[] offsets) => RandomHistoryCheck.Violations(new RandomHistory(Sent, receipts, Groups, offsets, []));
}
