using Microsoft.Extensions.Logging;

namespace RocketOps.Broker.Clients;

/// <summary>Counts how often a consumer group was not made as there are too many, and says so now and then: whoever wants one comes again and again. Thread-safe.</summary>
internal sealed partial class RefusedGroups(TimeProvider time, ILogger<RefusedGroups> logger)
{
    /// <summary>Between two lines of the log.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long? _toldAt;
    private long _total;
    private long _told;

    /// <summary>Since the start.</summary>
    public long Total => Volatile.Read(ref _total);

    public void Count(string group, string why)
    {
        long count;
        lock (_gate)
        {
            _total++;
            long now = time.GetTimestamp();
            if (_toldAt is { } toldAt && time.GetElapsedTime(toldAt, now) < Interval)
            {
                return;
            }

            count = _total - _told;
            _told = _total;
            _toldAt = now;
        }

        LogRefused(count, group, why);
    }

    [LoggerMessage(EventId = 3524, Level = LogLevel.Warning, Message = "Consumer groups not made since the last line of this kind: {Count}; {Group} at last: {Why}. Those that are there are served")]
    private partial void LogRefused(long count, string group, string why);
}
