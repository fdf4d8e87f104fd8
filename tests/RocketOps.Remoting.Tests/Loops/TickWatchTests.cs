using RocketOps.Remoting.Server.Loops;
using RocketOps.Testing.Time;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>When a tick counts as one that will not end.</summary>
public sealed class TickWatchTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly TickWatch _watch;

    public TickWatchTests() => _watch = new TickWatch(_time);

    private static int LooksOfLimit => (int)(TickWatch.Limit / TickWatch.Interval);

    [Fact]
    public void IsStuck_OneTickForTheLimit_IsTrue()
    {
        Look(1).Should().BeFalse();
        for (int i = 1; i < LooksOfLimit; i++)
        {
            Look(1).Should().BeFalse();
        }

        Look(1).Should().BeTrue();
    }

    [Fact]
    public void IsStuck_LoopGoesOn_CountsAnew()
    {
        for (int i = 0; i < LooksOfLimit; i++)
        {
            Look(1);
        }

        Look(2).Should().BeFalse();
        for (int i = 1; i < LooksOfLimit; i++)
        {
            Look(2).Should().BeFalse();
        }
    }

    [Fact]
    public void IsStuck_LoopWaits_CountsAnew()
    {
        for (int i = 0; i < LooksOfLimit; i++)
        {
            Look(1);
        }

        Look(1, isBusy: false).Should().BeFalse();
        for (int i = 0; i < LooksOfLimit; i++)
        {
            Look(1).Should().BeFalse();
        }
    }

    /// <summary>A suspended process is looked at as soon as it goes on, twice at once, and its loops have not gone on yet.</summary>
    [Fact]
    public void IsStuck_EverythingStoodStill_CountsOneInterval()
    {
        Look(1);
        for (int i = 1; i < LooksOfLimit; i++)
        {
            _time.Advance(TimeSpan.FromHours(1));
            for (int again = 0; again < 10; again++)
            {
                _watch.IsStuck(1, isBusy: true).Should().BeFalse();
            }
        }

        Look(2).Should().BeFalse();
    }

    private bool Look(long tick, bool isBusy = true)
    {
        _time.Advance(TickWatch.Interval);
        return _watch.IsStuck(tick, isBusy);
    }
}
