using Microsoft.Extensions.Logging;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Tests.Support;

namespace RocketOps.Broker.Tests.Clients;

public sealed class RefusedGroupsTests
{
    [Fact]
    public void Count_Many_AreOneLineNowAndThenWithTheirNumberAndTheLastOne()
    {
        ManualTime time = new();
        using RecordedLog log = new();
        RefusedGroups refused = new(time, new Logger<RefusedGroups>(log));

        refused.Count("first", "why");
        time.Advance(RefusedGroups.Interval - TimeSpan.FromMilliseconds(1));
        refused.Count("second", "why");
        log.Lines.Should().ContainSingle().Which.Text.Should().Contain("kind: 1; first at last: why.");
        time.Advance(TimeSpan.FromMilliseconds(1));
        refused.Count("third", "why");

        log.Lines.Should().HaveCount(2);
        log.Lines[1].Text.Should().Contain("kind: 2; third at last: why.");
        refused.Total.Should().Be(3);
    }
}
