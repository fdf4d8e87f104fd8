using RocketOps.Replication.Leadership;
using RocketOps.Replication.Leases;
using RocketOps.Replication.Rules;
using RocketOps.Testing.Time;

namespace RocketOps.Replication.Tests.Members;

/// <summary>What a wall clock that is set costs a master whose renewals are in time: as docs/replication.md says of it, with the default lease of 6 s.</summary>
public sealed class FenceTests
{
    private static readonly TimeSpan SinceRenewal = TimeSpan.FromMilliseconds(900);

    private readonly SetClock _time = new();

    [Theory]
    [InlineData(0, true)]
    [InlineData(4_000, true)]
    [InlineData(4_100, false)]
    [InlineData(3_600_000, false)]
    [InlineData(-900, true)]
    [InlineData(-1_000, false)]
    [InlineData(-3_600_000, false)]
    public void Holds_TheWallClockIsSetBetweenTwoRenewals_UnlessItLeavesTheTimeOfTheLease(int milliseconds, bool holds)
    {
        Fence fence = new(new GroupRules(), new LeaseTimings(), _time);
        fence.Extend(Renewal());
        _time.Advance(SinceRenewal);

        _time.Set(TimeSpan.FromMilliseconds(milliseconds));

        (fence.Holds, fence.IsOpen).Should().Be((holds, holds));
    }

    [Fact]
    public void Extend_TheWallClockWasSetALittle_CountsByTheNewOne()
    {
        Fence fence = new(new GroupRules(), new LeaseTimings(), _time);
        for (int i = 0; i < 10; i++)
        {
            fence.Extend(Renewal());
            _time.Advance(SinceRenewal);
            _time.Set(TimeSpan.FromMilliseconds(i % 2 == 0 ? 4_000 : -900));
            fence.Holds.Should().BeTrue("each step is a small one, whatever they add up to");
        }
    }

    private LeaseRequest Renewal() => new(1, _time.GetTimestamp(), _time.GetUtcNow(), Record: null, ExpectedVersion: null);

    /// <summary>A monotonic clock, and a wall clock that can be set.</summary>
    private sealed class SetClock : TimeProvider
    {
        private readonly FakeTimeProvider _inner = new();
        private TimeSpan _shift;

        public override long TimestampFrequency => _inner.TimestampFrequency;

        public override long GetTimestamp() => _inner.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => _inner.GetUtcNow() + _shift;

        public void Advance(TimeSpan time) => _inner.Advance(time);

        public void Set(TimeSpan by) => _shift += by;
    }
}
