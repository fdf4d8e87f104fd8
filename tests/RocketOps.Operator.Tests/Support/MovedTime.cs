namespace RocketOps.Operator.Tests.Support;

/// <summary>The machine's clock, put forward by a test: the time of day alone, or what is measured too. Timers are real.</summary>
internal sealed class MovedTime : TimeProvider
{
    private long _ticks;
    private long _passed;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ticks) + Interlocked.Read(ref _passed));

    public override long GetTimestamp() => base.GetTimestamp() + (Interlocked.Read(ref _passed) * TimestampFrequency / TimeSpan.TicksPerSecond);

    /// <summary>The time of day is another one.</summary>
    public void Move(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    /// <summary>That much time has gone by, for whatever measures how long something lasts. Timers do not notice.</summary>
    public void Pass(TimeSpan by) => Interlocked.Add(ref _passed, by.Ticks);
}
