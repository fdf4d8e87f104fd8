using RocketOps.Election.Leadership;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Testing.Time;

namespace RocketOps.Election.Tests.Leadership;

/// <summary>What a wall clock that is set means for a master whose renewals are in time: as docs/replication.md says of it, with the default lease of 6 s.</summary>
public sealed class FenceTests
{
    private static readonly TimeSpan SinceRenewal = TimeSpan.FromMilliseconds(900);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0, true)]
    [InlineData(4_000, true)]
    [InlineData(4_100, false)]
    [InlineData(3_600_000, false)]
    [InlineData(-900, true)]
    [InlineData(-1_000, false)]
    [InlineData(-3_600_000, false)]
    public void IsOpen_TheWallClockIsSetBetweenTwoRenewals_UnlessItLeavesTheTimeOfTheLease(int milliseconds, bool isOpen)
    {
        Fence fence = new(new GroupRules(), _time);
        Renew(fence);
        _time.Advance(SinceRenewal);

        _time.Set(TimeSpan.FromMilliseconds(milliseconds));

        (fence.Holds, fence.IsOpen).Should().Be((true, isOpen));
        Renew(fence);
        fence.IsOpen.Should().BeTrue("the renewal was written, so nobody else has taken the lease");
    }

    [Fact]
    public void Holds_NotRenewed_EndsByTheMonotonicClock()
    {
        Fence fence = new(new GroupRules(), _time);
        Renew(fence);

        _time.Advance(TimeSpan.FromSeconds(5));

        (fence.Holds, fence.IsOpen).Should().Be((false, false));
    }

    [Fact]
    public void Open_TheWallClockWasSetALittle_CountsByTheNewOne()
    {
        Fence fence = new(new GroupRules(), _time);
        for (int i = 0; i < 10; i++)
        {
            Renew(fence);
            _time.Advance(SinceRenewal);
            _time.Set(TimeSpan.FromMilliseconds(i % 2 == 0 ? 4_000 : -900));
            fence.IsOpen.Should().BeTrue("each step is a small one, whatever they add up to");
        }
    }

    private void Renew(Fence fence) => fence.Open(_time.GetTimestamp(), _time.GetUtcNow(), new GroupRules().Validity(new LeaseTimings()));
}
