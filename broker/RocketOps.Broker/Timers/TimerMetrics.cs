using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Timers;

/// <summary>
/// Numbers of messages of each topic that wait for a time: counted in the timer log when somebody asks, and now and then and at the end for
/// config/timermetrics. The log knows topics by Java's hash of their names: of two topics with one hash both show the sum. Source:
/// apache/rocketmq TimerMetrics 5.5.0.
/// </summary>
internal sealed partial class TimerMetrics(BrokerSettings settings, TopicTable topics, TimerTable timers, IStoreFileSystem files, TimeProvider time, ILogger<TimerMetrics> logger)
{
    /// <summary>A topic with timers while they are counted: its count, by the hash of its name and by the name, and its place in the order of these.</summary>
    private const int TopicBytes = 128;

    /// <summary>A million waiting messages are counted in some tenths of a second.</summary>
    private static readonly TimeSpan WriteInterval = TimeSpan.FromMinutes(5);

    private readonly TopicCountFile _file = new(Path.Combine(settings.Current.StoreRoot, "config", "timermetrics"), "timingCount", files, time);
    private readonly ILogger<TimerMetrics> _logger = logger;
    private Task _writing = Task.CompletedTask;
    private long _lastWrite = time.GetTimestamp();
    private long _written = -1;

    private long Changes => timers.Counts.Taken + timers.Counts.Delivered;

    /// <summary>Writes as an answer what the file would have now.</summary>
    public async Task<ReadOnlyMemory<byte>> WriteAsync(HeavyAnswer answer, CancellationToken cancellationToken)
    {
        long changes = Changes;
        IReadOnlyDictionary<int, long> counts = await timers.Counts.CountByTopicAsync(cancellationToken);
        answer.Add((long)counts.Count * TopicBytes);
        AnswerBody body = new(answer);
        _file.Write(body, Name(counts), changes);
        return body.Written;
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

    /// <summary>The counts in the order of the names.</summary>
    private IOrderedEnumerable<KeyValuePair<string, long>> Name(IReadOnlyDictionary<int, long> counts) => topics.All
        .Select(topic => KeyValuePair.Create(topic.Name, counts.GetValueOrDefault(JavaHash.Compute(Encoding.UTF8.GetBytes(topic.Name)))))
        .Where(static topic => topic.Value > 0)
        .OrderBy(static topic => topic.Key, StringComparer.Ordinal);

    private async Task TryWriteAsync()
    {
        try
        {
            long changes = Changes;
            await _file.WriteAsync(Name(await timers.Counts.CountByTopicAsync(CancellationToken.None)), changes);
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
