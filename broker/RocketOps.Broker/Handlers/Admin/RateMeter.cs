namespace RocketOps.Broker.Handlers.Admin;

/// <summary>Rates of a counter over the last 10, 60 and 600 seconds, from samples taken every 10 seconds. Thread-safe.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private const int Samples = 61;

    private readonly Lock _gate = new();
    private readonly Queue<(long Timestamp, long Value)> _samples = new(Samples);

    public void Sample(long value)
    {
        lock (_gate)
        {
            if (_samples.Count == Samples)
            {
                _samples.Dequeue();
            }

            _samples.Enqueue((time.GetTimestamp(), value));
        }
    }

    /// <summary>Events a second since the oldest sample that is not older than <paramref name="seconds"/>.</summary>
    public double RateOver(int seconds, long valueNow)
    {
        long now = time.GetTimestamp();
        lock (_gate)
        {
            foreach ((long timestamp, long value) in _samples)
            {
                double elapsed = time.GetElapsedTime(timestamp, now).TotalSeconds;
                // A sample taken this very moment tells nothing.
                if (elapsed <= seconds + 1 && elapsed > 0.1)
                {
                    return (valueNow - value) / elapsed;
                }
            }
        }

        return 0;
    }

    /// <summary>The three rates as RocketMQ's runtime information writes them.</summary>
    public string Format(long valueNow) => FormattableString.Invariant($"{RateOver(10, valueNow):F4} {RateOver(60, valueNow):F4} {RateOver(600, valueNow):F4}");
}
