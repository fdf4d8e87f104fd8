using Microsoft.Extensions.Logging;
using RocketOps.Broker.Topics;
using RocketOps.Store;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Consumer offsets on topics that were deleted after consumerOffset.json was written, as an older copy of the file has them: on a topic
/// that was made again the group would pass over messages. The file names the deletions that its offsets are later than. One without that,
/// of RocketMQ's brokers or an earlier version, is left as it is.
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
    public void Drop()
    {
        if (offsets.LoadedDeletions is not { } known)
        {
            return;
        }

        int dropped = 0;
        foreach (IGrouping<string, string> topic in offsets.Consumed.GroupBy(static pair => pair.Topic, static pair => pair.Group).ToList())
        {
            if (topics.History.Deletions.GetValueOrDefault(topic.Key) is { Offsets: true, End: { } end } note
                && end <= store.Positions.Appended.Value && note.Time > known.GetValueOrDefault(topic.Key, long.MinValue))
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

    [LoggerMessage(EventId = 3697, Level = LogLevel.Warning, Message = ""
        + "The broker drops {Count} offsets of group {Group} on topic {Topic}: config/consumerOffset.json is a copy of before the topic "
        + "was deleted, and they belong to the messages that were deleted. Where the topic was made again, the group begins by its "
        + "consumeFromWhere. To set where it goes on: rocketops group reset {Group} --topic {Topic}, or mqadmin resetOffsetByTime")]
    private partial void LogDropped(int count, string group, string topic);

    [LoggerMessage(EventId = 3698, Level = LogLevel.Warning, Message = ""
        + "{Count} times the broker drops offsets of a group on a topic that was deleted since, {Lines} of them are named above")]
    private partial void LogMore(int count, int lines);
}
