using Microsoft.Extensions.Logging;
using RocketOps.Broker.Health;

namespace RocketOps.Broker.Clients;

/// <summary>Counts how often a consumer group was not made as there are too many, and says so now and then: whoever wants one comes again and again. Thread-safe.</summary>
internal sealed partial class RefusedGroups(TimeProvider time, ILogger<RefusedGroups> logger)
{
    /// <summary>Between two lines of the log.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly SparseLines _lines = new(Interval, time);
    private long _total;

    /// <summary>Since the start.</summary>
    public long Total => Volatile.Read(ref _total);

    public void Count(string group, string why)
    {
        Interlocked.Increment(ref _total);
        if (_lines.Next() is { } count)
        {
            LogRefused(count, group, why);
        }
    }

    [LoggerMessage(EventId = 3524, Level = LogLevel.Warning, Message = "Consumer groups not made since the last line of this kind: {Count}; {Group} at last: {Why}. Those that are there are served")]
    private partial void LogRefused(long count, string group, string why);
}
