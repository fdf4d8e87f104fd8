using Microsoft.Extensions.Logging;
using RocketOps.Protocol.Names;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Messages that retention has removed before a group read them: a group that has an offset on the queue, below what the queue still has. A
/// warning for each group of a topic, and a count. Groups without an offset, as broadcasting ones and those that have never read the queue,
/// are not known to want them. Called by the store's maintenance thread; the count can be asked for by any.
/// </summary>
internal sealed partial class UnreadRemovals(ConsumerOffsetTable offsets, ILogger<UnreadRemovals> logger) : IRemovalObserver
{
    /// <summary>Lines that one removal writes at most; what is behind them is one more line.</summary>
    private const int MostLines = 10;

    private readonly ILogger<UnreadRemovals> _logger = logger;
    private readonly Dictionary<(string Topic, string Group), long> _unread = [];
    private long _removed;

    /// <summary>Messages removed unread since the start, once for each group that had not read them.</summary>
    public long Removed => Volatile.Read(ref _removed);

    public bool IsInterestedIn(string topic, int queueId)
    {
        foreach (string group in offsets.GroupsOf(topic))
        {
            if (IsKnown(group) && offsets.Query(topic, group, queueId) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    public void OnRemoved(string topic, int queueId, long from, long to)
    {
        foreach (string group in offsets.GroupsOf(topic))
        {
            if (IsKnown(group) && offsets.Query(topic, group, queueId) is >= 0 and var committed && committed < to)
            {
                (string, string) key = (topic, group);
                _unread[key] = _unread.GetValueOrDefault(key) + to - Math.Max(committed, from);
            }
        }
    }

    public void OnRemovalCompleted(string path)
    {
        long rest = 0;
        int line = 0;
        foreach (((string topic, string group), long count) in _unread.OrderByDescending(static unread => unread.Value))
        {
            Interlocked.Add(ref _removed, count);
            if (line++ < MostLines)
            {
                LogUnread(path, count, topic, group);
            }
            else
            {
                rest += count;
            }
        }

        if (rest > 0)
        {
            LogMore(path, rest, line - MostLines);
        }

        _unread.Clear();
    }

    /// <summary>The broker reads by groups of its own, whose messages it moves before they expire.</summary>
    private static bool IsKnown(string group) => !GroupNames.IsSystem(group);

    [LoggerMessage(EventId = 3691, Level = LogLevel.Warning, Message = "Retention has removed commit-log file {Path}, and with it, or files before it, {Count} messages of topic {Topic} that "
        + "group {Group} has not read. "
        + "To keep what is left, make room or set fileReservedTime higher")]
    private partial void LogUnread(string path, long count, string topic, string group);

    [LoggerMessage(EventId = 3692, Level = LogLevel.Warning, Message = ""
        + "Retention has removed commit-log file {Path}, and {Count} more messages that {Groups} other groups of topics have "
        + "not read")]
    private partial void LogMore(string path, long count, int groups);
}
