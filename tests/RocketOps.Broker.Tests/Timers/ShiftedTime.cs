using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Timers;

/// <summary>A clock that stands still until told otherwise, and that can be set, as a machine's: what it says jumps, the timers that run do not.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private readonly FakeTimeProvider _inner = new();
    private long _shiftTicks;

    public override long TimestampFrequency => _inner.TimestampFrequency;

    public long NowMs => GetUtcNow().ToUnixTimeMilliseconds();

    public override DateTimeOffset GetUtcNow() => _inner.GetUtcNow().AddTicks(Volatile.Read(ref _shiftTicks));

    public override long GetTimestamp() => _inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => _inner.CreateTimer(callback, state, dueTime, period);

    public void Advance(TimeSpan time) => _inner.Advance(time);

    public void Set(TimeSpan by) => Interlocked.Add(ref _shiftTicks, by.Ticks);
}
