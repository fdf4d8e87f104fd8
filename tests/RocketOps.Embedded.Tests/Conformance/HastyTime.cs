namespace RocketOps.Embedded.Tests.Conformance;

/// <summary>A clock whose timers fire early, so that a watch that ends after a second costs none, and that jumps to the next second when told to.</summary>
internal sealed class HastyTime : TimeProvider
{
    private const int Haste = 100;

    private long _seconds;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddSeconds(Interlocked.Read(ref _seconds));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, Sooner(dueTime), Sooner(period));

    public void NextSecond() => Interlocked.Increment(ref _seconds);

    private static TimeSpan Sooner(TimeSpan time) => time > TimeSpan.Zero ? time / Haste : time;
}
