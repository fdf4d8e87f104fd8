using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Topics;
using RocketOps.Store;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Timers;

/// <summary>
/// How many messages of each topic wait for a time: counted in the timer log when somebody asks, and now and then and at the end for config/timermetrics. The log knows topics by Java's
/// hash of their names: of two topics with one hash both show the sum. Source: apache/rocketmq TimerMetrics 5.5.0.
/// </summary>
internal sealed partial class TimerMetrics(BrokerSettings settings, TopicTable topics, TimerTable timers, IStoreFileSystem files, TimeProvider time, ILogger<TimerMetrics> logger)
{
    /// <summary>A million waiting messages are counted in some tenths of a second.</summary>
    private static readonly TimeSpan WriteInterval = TimeSpan.FromMinutes(5);

    private readonly TopicCountFile _file = new(Path.Combine(settings.Current.StoreRoot, "config", "timermetrics"), "timingCount", files, time);
    private readonly ILogger<TimerMetrics> _logger = logger;
    private Task _writing = Task.CompletedTask;
    private long _lastWrite = time.GetTimestamp();
    private long _written = -1;

    private long Changes => timers.Taken + timers.Delivered;

    /// <summary>As the file has it.</summary>
    public async Task<ReadOnlyMemory<byte>> CountAsync(CancellationToken cancellationToken)
    {
        long changes = Changes;
        IReadOnlyDictionary<int, long> counts = await timers.CountByTopicAsync(cancellationToken);
        List<KeyValuePair<string, long>> named = [];
        foreach (string topic in topics.All.Select(static topic => topic.Name).Order(StringComparer.Ordinal))
        {
            if (counts.TryGetValue(JavaHash.Compute(Encoding.UTF8.GetBytes(topic)), out long count) && count > 0)
            {
                named.Add(KeyValuePair.Create(topic, count));
            }
        }

        return _file.Format(named, changes);
    }

    /// <summary>Begins to write the file when that was long enough ago; it goes on by itself, beside deliveries.</summary>
    public void BeginWrite()
    {
        if (_writing.IsCompleted && Changes != _written && time.GetElapsedTime(_lastWrite) >= WriteInterval)
        {
            _lastWrite = time.GetTimestamp();
            _writing = TryWriteAsync();
        }
    }

    /// <summary>Writes the file after the last delivery.</summary>
    public async Task EndAsync()
    {
        await _writing;
        if (timers.IsLoaded && Changes != _written)
        {
            await TryWriteAsync();
        }
    }

    private async Task TryWriteAsync()
    {
        try
        {
            long changes = Changes;
            await _file.WriteAsync(await CountAsync(CancellationToken.None));
            _written = changes;
        }
        catch (Exception failure) when (failure is IOException or StoreIOException or StoreException)
        {
            LogNotWritten(failure);
        }
    }

    [LoggerMessage(EventId = 3816, Level = LogLevel.Warning, Message = "config/timermetrics could not be written; a broker of Apache's that is given this store shows older numbers of waiting messages until its daily check")]
    private partial void LogNotWritten(Exception failure);
}
