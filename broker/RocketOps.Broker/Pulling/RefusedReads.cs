using Microsoft.Extensions.Logging;

namespace RocketOps.Broker.Pulling;

/// <summary>Counts the reads of consumers that were not begun, as too many wait for the disk already, and says so now and then: in overload there are thousands a second. Thread-safe.</summary>
internal sealed partial class RefusedReads(TimeProvider time, ILogger<RefusedReads> logger)
{
    /// <summary>Between two lines of the log.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long? _toldAt;
    private long _count;

    public void Count()
    {
        long count;
        lock (_gate)
        {
            _count++;
            long now = time.GetTimestamp();
            if (_toldAt is { } toldAt && time.GetElapsedTime(toldAt, now) < Interval)
            {
                return;
            }

            count = _count;
            _count = 0;
            _toldAt = now;
        }

        LogRefused(count);
    }

    [LoggerMessage(EventId = 3103, Level = LogLevel.Warning, Message = "Reads of consumers refused since the last line of this kind, as too many wait for the disk already: {Count}; they are answered busy and ask again")]
    private partial void LogRefused(long count);
}
