using System.Text;
using Microsoft.Extensions.Logging;

namespace RocketOps.Broker.Overload;

/// <summary>
/// Counts how often a consumer group or a topic was not made, an offset not kept, or a client not registered, as there are too many, and says so now and then: whoever wants one comes again and again. Thread-safe; of no matter on a connection's loop.
/// </summary>
internal sealed partial class RefusedEntries(TimeProvider time, ILogger<RefusedEntries> logger)
{
    /// <summary>Between two lines of a kind in the log.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly SparseLines _groupLines = new(Interval, time);
    private readonly SparseLines _topicLines = new(Interval, time);
    private readonly SparseLines _offsetLines = new(Interval, time);
    private readonly SparseLines _clientLines = new(Interval, time);
    private long _groups;
    private long _topics;
    private long _offsets;
    private long _clients;

    /// <summary>Since the start.</summary>
    public long Groups => Volatile.Read(ref _groups);

    /// <inheritdoc cref="Groups"/>
    public long Topics => Volatile.Read(ref _topics);

    /// <inheritdoc cref="Groups"/>
    public long Offsets => Volatile.Read(ref _offsets);

    /// <inheritdoc cref="Groups"/>
    public long Clients => Volatile.Read(ref _clients);

    public void CountGroup(string group, string why)
    {
        Interlocked.Increment(ref _groups);
        if (_groupLines.Next() is { } count)
        {
            LogGroups(count, group, why);
        }
    }

    public void CountTopic(ReadOnlySpan<byte> topic)
    {
        Interlocked.Increment(ref _topics);
        if (_topicLines.Next() is { } count)
        {
            LogTopics(count, Encoding.UTF8.GetString(topic));
        }
    }

    public void CountOffset(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group)
    {
        Interlocked.Increment(ref _offsets);
        if (_offsetLines.Next() is { } count)
        {
            LogOffsets(count, Encoding.UTF8.GetString(group), Encoding.UTF8.GetString(topic));
        }
    }

    public void CountClient(string? clientId, string why)
    {
        Interlocked.Increment(ref _clients);
        if (_clientLines.Next() is { } count)
        {
            LogClients(count, clientId, why);
        }
    }

    [LoggerMessage(EventId = 3524, Level = LogLevel.Warning, Message = "Consumer groups not made since the last line of this kind: {Count}; {Group} at last: {Why}. Those that are there are served")]
    private partial void LogGroups(long count, string group, string why);

    [LoggerMessage(EventId = 3525, Level = LogLevel.Warning, Message = "First commits not kept since the last line of this kind, as there are as many offsets as maxConsumerOffsets: {Count}; at last one of group {Group} on topic {Topic}. It begins where it did before when it starts again; offsets that are there are changed")]
    private partial void LogOffsets(long count, string group, string topic);

    [LoggerMessage(EventId = 3526, Level = LogLevel.Warning, Message = "Heartbeats refused since the last line of this kind: {Count}; that of {Client} at last: {Why}. What clients were registered with before stays")]
    private partial void LogClients(long count, string? client, string why);

    [LoggerMessage(EventId = 3527, Level = LogLevel.Warning, Message = "Sends refused since the last line of this kind, as their topic is not there and there are as many as maxTopics: {Count}; at last one to {Topic}. An administrator can make it (mqadmin updateTopic); topics that are there are served")]
    private partial void LogTopics(long count, string topic);
}
