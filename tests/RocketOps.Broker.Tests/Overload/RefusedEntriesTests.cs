using Microsoft.Extensions.Logging;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Overload;

public sealed class RefusedEntriesTests
{
    [Fact]
    public void Count_Many_AreOneLineNowAndThenWithTheirNumberAndTheLastOne()
    {
        FakeTimeProvider time = new();
        using RecordedLog log = new();
        RefusedEntries refused = new(time, new Logger<RefusedEntries>(log));

        refused.CountGroup("first", "why");
        time.Advance(RefusedEntries.Interval - TimeSpan.FromMilliseconds(1));
        refused.CountGroup("second", "why");
        log.Lines.Should().ContainSingle().Which.Text.Should().Contain("kind: 1; first at last: why.");
        time.Advance(TimeSpan.FromMilliseconds(1));
        refused.CountGroup("third", "why");

        log.Lines.Should().HaveCount(2);
        log.Lines[1].Text.Should().Contain("kind: 2; third at last: why.");
        refused.Groups.Should().Be(3);
    }

    [Fact]
    public void Count_OfEachKind_HasLinesOfItsOwn()
    {
        using RecordedLog log = new();
        RefusedEntries refused = new(new FakeTimeProvider(), new Logger<RefusedEntries>(log));

        refused.CountGroup("one", "why");
        refused.CountOffset("T"u8, "two"u8);
        refused.CountTopic("three"u8);

        log.Lines.Should().HaveCount(3);
        log.Lines[1].Text.Should().Contain("1; at last one of group two on topic T.");
        refused.Groups.Should().Be(1);
        refused.Offsets.Should().Be(1);
        log.Lines[2].Text.Should().Contain("maxTopics: 1; at last one to three.");
        refused.Topics.Should().Be(1);
    }
}
