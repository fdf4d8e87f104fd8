namespace RocketOps.Operator.Tests.Support;

/// <summary>The machine's clock, put forward by a test. Timers and what is measured are real: it is the time of day that moves.</summary>
internal sealed class MovedTime : TimeProvider
{
    private long _ticks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ticks));

    public override long GetTimestamp() => base.GetTimestamp() + (Interlocked.Read(ref _ticks) * TimestampFrequency / TimeSpan.TicksPerSecond);

    public void Move(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
