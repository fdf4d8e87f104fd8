namespace RocketOps.Broker.Overload;

/// <summary>A line of the log now and then, which stands for all that has happened since the one before: what may happen thousands of times a second must not fill the log. Thread-safe.</summary>
internal sealed class SparseLines(TimeSpan interval, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long? _lastLine;
    private long _sinceLine;

    /// <summary>It has happened, so many times: for how many a line would stand now; null when the last one was a moment ago.</summary>
    public long? Next(long times = 1)
    {
        lock (_gate)
        {
            _sinceLine += times;
            long now = time.GetTimestamp();
            if (_lastLine is { } last && time.GetElapsedTime(last, now) < interval)
            {
                return null;
            }

            long count = _sinceLine;
            _lastLine = now;
            _sinceLine = 0;
            return count;
        }
    }
}
