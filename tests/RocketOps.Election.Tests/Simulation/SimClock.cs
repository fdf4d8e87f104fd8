namespace RocketOps.Election.Tests.Simulation;

/// <summary>The two clocks of one machine: a monotonic one that runs a little too fast or slow and stands still while the machine is suspended, and a wall clock that people and NTP set.</summary>
internal sealed class SimClock(SimWorld world, double rate, TimeSpan wallOffset) : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private TimeSpan _wallOffset = wallOffset;
    private TimeSpan _suspended;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => TimeSpan.TicksPerHour + (long)((world.Now - _suspended).Ticks * rate);

    public override DateTimeOffset GetUtcNow() => Epoch + _wallOffset + world.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        SimTimer timer = new(world, rate, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void SetWall(TimeSpan by) => _wallOffset += by;

    /// <summary>For a machine that has just been suspended for so long.</summary>
    public void Suspend(TimeSpan time) => _suspended += time;
}
