using Microsoft.Extensions.Logging;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Topics;
using RocketOps.Store;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Consumer offsets on topics that were deleted after consumerOffset.json was written, as an older copy of the file has them: on a topic
/// that was made again the group would pass over messages. The file names the deletions that its offsets are later than, and the log's end
/// when they were taken. Deletions are noted in topics.json, and in the store's own inventory where that is an older copy too. A file
/// without these members, of RocketMQ's brokers or an earlier version, is left as it is.
/// </summary>
internal sealed partial class DeletedOffsets(
    MessageStore store, TopicTable topics, ConsumerOffsetTable offsets, ILogger<DeletedOffsets> logger)
{
    /// <summary>Groups with a line of their own; the others are counted.</summary>
    private const int MaxLines = 20;

    /// <summary>
    /// Drops them. To be called at the start, when both tables are loaded, and a master has dropped the notes of deletions that its store
    /// refutes. A note that lies behind the log's end does not count: it is of a newer table, or a slave has yet to get the log up to it.
    /// </summary>
    public async Task DropAsync(CancellationToken cancellationToken)
    {
        if (offsets.LoadedDeletions is null && offsets.LoadedLog is null)
        {
            return;
        }

        IReadOnlyDictionary<string, long> noted = await store.ReadNotedDeletionsAsync(cancellationToken);
        int dropped = 0;
        foreach (IGrouping<string, string> topic in offsets.Consumed.GroupBy(static pair => pair.Topic, static pair => pair.Group).ToList())
        {
            if (AreOfBefore(topic.Key, noted))
            {
                foreach (string group in topic)
                {
                    int count = offsets.QueuesOf(topic.Key, group).Count();
                    if (count > 0 && dropped++ < MaxLines)
                    {
                        LogDropped(count, group, topic.Key);
                    }
                }

                offsets.RemoveTopic(topic.Key);
            }
        }

        if (dropped > MaxLines)
        {
            LogMore(dropped, MaxLines);
        }
    }

    /// <summary>Tells whether offsets on a topic are of before its last deletion: by the table's note where it notes that, else by the inventory's.</summary>
    private bool AreOfBefore(string topic, IReadOnlyDictionary<string, long> noted)
    {
        DeletionNote? note = topics.History.Deletions.GetValueOrDefault(topic);
        if (noted.TryGetValue(topic, out long deleted) && !(note?.End >= deleted) && offsets.LoadedLog is { } log && log.End <= deleted)
        {
            // The topic that was made again had no message yet: no offset on it is lost.
            return true;
        }

        return offsets.LoadedDeletions is { } known && note is { Offsets: true, End: { } end }
            && end <= store.Positions.Appended.Value && note.Time > known.GetValueOrDefault(topic, long.MinValue);
    }

    [LoggerMessage(EventId = 3697, Level = LogLevel.Warning, Message = ""
        + "The broker drops {Count} offsets of group {Group} on topic {Topic}: config/consumerOffset.json is a copy of before the topic "
        + "was deleted, and they belong to the messages that were deleted. Where the topic was made again, the group begins by its "
        + "consumeFromWhere. To set where it goes on: rocketops group reset {Group} --topic {Topic}, or mqadmin resetOffsetByTime")]
    private partial void LogDropped(int count, string group, string topic);

    [LoggerMessage(EventId = 3698, Level = LogLevel.Warning, Message = ""
        + "{Count} times the broker drops offsets of a group on a topic that was deleted since, {Lines} of them are named above")]
    private partial void LogMore(int count, int lines);
}
