namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// Finds out whether an event loop is stuck in one tick: in an endless loop, or behind a lock that nobody gives back. It is looked at from time to time, by one thread at a time, and
/// costs the loop nothing. However late a look comes it counts for one <see cref="Interval"/>: a process or a machine that stood still for an hour stood still together with its loops,
/// which go on before the next look.
/// </summary>
internal sealed class TickWatch(TimeProvider time)
{
    /// <summary>Interval between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>A tick is about milliseconds; no machine is so slow that one that gets on takes as long.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private long _tick = -1;
    private long _lookedAt;
    private TimeSpan _stood;

    /// <summary>True when each look for <see cref="Limit"/> has seen this tick.</summary>
    /// <param name="tick">The number of the loop's tick.</param>
    /// <param name="isBusy">False while the loop waits for events, or may be waiting for the storage.</param>
    public bool IsStuck(long tick, bool isBusy)
    {
        long now = time.GetTimestamp();
        TimeSpan passed = time.GetElapsedTime(_lookedAt, now);
        _lookedAt = now;
        if (!isBusy || tick != _tick)
        {
            _tick = isBusy ? tick : -1;
            _stood = TimeSpan.Zero;
            return false;
        }

        _stood += passed < Interval ? passed : Interval;
        return _stood >= Limit;
    }
}
