namespace RocketOps.Client.Tests.Support;

/// <summary>A clock whose wall a test sets forward and back, as an administrator or NTP does, while its timestamps and timers go on evenly with another one's.</summary>
/// <param name="even">What goes on; that of the machine, or one that the test moves.</param>
internal sealed class SteppedClock(TimeProvider even) : TimeProvider
{
    private long _stepTicks;

    public override long TimestampFrequency => even.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => even.LocalTimeZone;

    public void Step(TimeSpan by) => Interlocked.Add(ref _stepTicks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => even.GetUtcNow().AddTicks(Interlocked.Read(ref _stepTicks));

    public override long GetTimestamp() => even.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => even.CreateTimer(callback, state, dueTime, period);
}
