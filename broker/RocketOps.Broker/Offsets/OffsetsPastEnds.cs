using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Consumer offsets above the end of their queue, as a newer consumerOffset.json beside an older store has them, or an older one beside a
/// topic that was deleted and made again: the group would pass over the messages that the queue gets next.
/// A broker that becomes the master brings them down to the end. Not a slave, whose offsets may be ahead of its log.
/// </summary>
internal sealed partial class OffsetsPastEnds(MessageStore store, TopicTable topics, ConsumerOffsetTable offsets,
    ILogger<OffsetsPastEnds> logger)
{
    /// <summary>Groups with a line of their own for each topic; the others are counted.</summary>
    private const int MaxLines = 20;

    /// <summary>Queues that are looked at together: the disk is kept busy, and other cold reads find room.</summary>
    private const int AtOnce = 64;

    /// <summary>
    /// Brings them down. To be called when the queues of everything in the log are known and nobody appends: the end that a message has
    /// passed does not tell any more which offsets were above it. Looks at the queues that groups have offsets on, once each; those are
    /// read from next, so they are loaded earlier and not more often. A queue of the table that has no files has had no message, or
    /// begins again: its next one gets offset 0. Retention leaves the newest file of each queue. Queues that are neither in the table nor
    /// here, and those of static topics, whose offsets are logical ones, are left alone.
    /// </summary>
    public async Task BringDownAsync()
    {
        int lowered = 0;
        foreach (IGrouping<string, string> topic in offsets.Consumed.GroupBy(static pair => pair.Topic, static pair => pair.Group).ToList())
        {
            if (topic.Key is TopicNames.TransactionHalf or TopicNames.TransactionOp || FindTopic(topic.Key) is not { } found)
            {
                continue;
            }

            Dictionary<int, long> ends = await ReadEndsAsync(found, topic);
            foreach (string group in topic)
            {
                lowered += BringDown(topic.Key, group, ends, isNamed: lowered < MaxLines) ? 1 : 0;
            }
        }

        if (lowered > MaxLines)
        {
            LogMore(lowered, MaxLines);
        }
    }

    private TopicState? FindTopic(string name) => topics.TryGet(name, out TopicState? topic) && topic.Mapping is null ? topic : null;

    private async Task<Dictionary<int, long>> ReadEndsAsync(TopicState topic, IEnumerable<string> groups)
    {
        StoreTopic stored = topic.StoreTopic;
        int count = Math.Max(topic.Config.ReadQueueNums, topic.Config.WriteQueueNums);
        HashSet<int> queues = [.. groups.SelectMany(group => offsets.QueuesOf(stored.Name, group)).Where(static queue => queue.Value > 0)
            .Select(static queue => queue.Key)];
        Dictionary<int, long> ends = queues.Where(queue => queue < count).ToDictionary(static queue => queue, static _ => 0L);
        if (queues.Count == 0)
        {
            return ends;
        }

        foreach (int[] some in store.GetQueueIds(stored).Where(queues.Contains).Chunk(AtOnce))
        {
            long[] found = await Task.WhenAll(some.Select(queue => ReadEndAsync(stored, queue)));
            for (int i = 0; i < some.Length; i++)
            {
                ends[some[i]] = found[i];
            }
        }

        return ends;
    }

    /// <summary>An elected master's log may have messages that cannot be read yet: they count.</summary>
    private async Task<long> ReadEndAsync(StoreTopic stored, int queue)
    {
        QueueOffsets readable = await store.Reader.GetOffsetsAsync(stored, queue, CancellationToken.None);
        return Math.Max(readable.Max, await store.Reader.GetNextOffsetAsync(stored, queue, CancellationToken.None));
    }

    private bool BringDown(string topic, string group, Dictionary<int, long> ends, bool isNamed)
    {
        List<string> changed = [];
        foreach ((int queue, long offset) in offsets.QueuesOf(topic, group)
            .Where(queue => ends.TryGetValue(queue.Key, out long end) && queue.Value > end))
        {
            offsets.Commit(topic, group, queue, ends[queue]);
            changed.Add(string.Create(CultureInfo.InvariantCulture, $"{queue} from {offset} to {ends[queue]}"));
        }

        if (changed.Count > 0 && isNamed)
        {
            string queues = string.Join(", ", changed.Take(MaxLines)) + (changed.Count > MaxLines ? ", …" : string.Empty);
            LogLowered(group, topic, queues);
        }

        return changed.Count > 0;
    }

    [LoggerMessage(EventId = 3688, Level = LogLevel.Warning, Message = ""
        + "Group {Group} had offsets on topic {Topic} above the end of their queues, and goes on at the ends: queue {Queues}. "
        + "config/consumerOffset.json is newer than the store, or older than a deletion of the topic that was made again, or messages were "
        + "lost; compare with a backup if one was restored")]
    private partial void LogLowered(string group, string topic, string queues);

    [LoggerMessage(EventId = 3689, Level = LogLevel.Warning, Message = ""
        + "{Count} times a group had offsets on a topic above the end of their queues, {Lines} of them are named above")]
    private partial void LogMore(int count, int lines);
}
