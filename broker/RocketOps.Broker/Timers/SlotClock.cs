namespace RocketOps.Broker.Timers;

/// <summary>The clock in slots of the timer wheel.</summary>
internal sealed class SlotClock(TimeProvider time, int precisionMs)
{
    /// <summary>Milliseconds of a slot.</summary>
    public int PrecisionMs => precisionMs;

    /// <summary>So much time has slots at a time, in milliseconds.</summary>
    public long SpanMs => 7L * 86_400 * precisionMs;

    /// <summary>Time now in milliseconds since 1970.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The slot that a time is in.</summary>
    public long SlotOf(long ms) => ms / precisionMs * precisionMs;
}
