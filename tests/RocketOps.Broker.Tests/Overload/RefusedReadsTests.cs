using Microsoft.Extensions.Logging;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Overload;

public sealed class RefusedReadsTests
{
    [Fact]
    public void Count_Many_AreOneLineNowAndThenWithTheirNumber()
    {
        FakeTimeProvider time = new();
        using RecordedLog log = new();
        RefusedReads refused = new(time, new Logger<RefusedReads>(log));

        Repeat(refused, 1_000);
        time.Advance(RefusedReads.Interval - TimeSpan.FromMilliseconds(1));
        Repeat(refused, 5);
        log.Lines.Should().ContainSingle().Which.Text.Should().Contain("already: 1;");
        time.Advance(TimeSpan.FromMilliseconds(1));
        Repeat(refused, 2);

        log.Lines.Should().HaveCount(2);
        log.Lines[1].Text.Should().Contain("already: 1005;");
    }

    private static void Repeat(RefusedReads refused, int times)
    {
        for (int i = 0; i < times; i++)
        {
            refused.Count();
        }
    }
}
