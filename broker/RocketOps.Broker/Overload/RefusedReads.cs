using Microsoft.Extensions.Logging;

namespace RocketOps.Broker.Overload;

/// <summary>Tells now and then of the reads of consumers that were not begun, as too many wait for the disk already: in overload there are thousands a second. Thread-safe.</summary>
internal sealed partial class RefusedReads(TimeProvider time, ILogger<RefusedReads> logger)
{
    /// <summary>Between two lines of the log.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly SparseLines _lines = new(Interval, time);

    public void Count()
    {
        if (_lines.Next() is { } count)
        {
            LogRefused(count);
        }
    }

    [LoggerMessage(EventId = 3103, Level = LogLevel.Warning, Message = "Reads of consumers refused since the last line of this kind, as too many wait for the disk already: {Count}; they are answered busy and ask again")]
    private partial void LogRefused(long count);
}
