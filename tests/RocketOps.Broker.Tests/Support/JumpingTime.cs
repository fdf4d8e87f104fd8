namespace RocketOps.Broker.Tests.Support;

/// <summary>The machine's clock as somebody sets it: what it says jumps, timers and durations go on as they do.</summary>
internal sealed class JumpingTime : TimeProvider
{
    private long _shiftTicks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _shiftTicks));

    public void Set(TimeSpan by) => Interlocked.Add(ref _shiftTicks, by.Ticks);
}
