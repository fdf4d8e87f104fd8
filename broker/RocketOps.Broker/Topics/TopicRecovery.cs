using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Topics;

/// <summary>
/// Recovery, by a broker that becomes the master, of topics that have messages and are in no table: config/topics.json was lost or is an
/// older copy, or the master before made a topic and was lost before this member had copied its table. Without the topic no consumer can
/// read its acknowledged messages, and this broker would tell its slaves that the topic is not there.
/// </summary>
internal sealed partial class TopicRecovery(MessageStore store, TopicTable topics, ILogger<TopicRecovery> logger)
{
    /// <summary>Topics with a line of their own; the others are counted.</summary>
    private const int MaxLines = 20;

    /// <summary>
    /// Makes the topics that have messages in the store, are in no table and were not deleted. To be called when the queues of everything
    /// in the log are known and nobody appends.
    /// </summary>
    /// <param name="endsDeletions">
    /// Removes queues of topics whose deletion was not finished when the broker stopped. Not where the log waits for copies, which would be
    /// waited for: there the queues stay until the topic is made again, or
    /// <c>cleanUnusedTopic</c>.
    /// </param>
    public async Task TakeTopicsAsync(bool endsDeletions)
    {
        List<TopicConfig> found = [];
        foreach (StoreTopic stored in store.Topics)
        {
            bool isKnown = topics.TryGet(stored.Name, out _) || TopicNames.IsLight(stored.Name)
                || TopicNames.FindProblem(stored.Utf8Name.Span) is not null;
            IReadOnlyList<int> queues = isKnown ? [] : store.GetQueueIds(stored);
            if (queues.Count == 0)
            {
                continue;
            }

            if (topics.History.Deletions.GetValueOrDefault(stored.Name) is { } note
                && (note.End is not { } end || !await store.HasMessagesBehindAsync(stored, new(end), CancellationToken.None)))
            {
                if (endsDeletions)
                {
                    await store.DeleteTopicAsync(stored, CancellationToken.None);
                    LogDeleted(stored.Name);
                }
            }
            else if (await store.HasMessagesBehindAsync(stored, new(0), CancellationToken.None))
            {
                found.Add(ConfigOf(stored, queues[^1] + 1));
            }
        }

        await topics.SettleDeletionsAsync(store.Positions.Appended);
        await topics.RecoverAsync(found);
        foreach (TopicConfig config in found.Take(MaxLines))
        {
            string count = config.ReadQueueNums.ToString(CultureInfo.InvariantCulture);
            LogMade(config.Name, count);
        }

        if (found.Count > MaxLines)
        {
            LogMadeMore(found.Count, MaxLines);
        }
    }

    private static TopicConfig ConfigOf(StoreTopic stored, int queues)
    {
        TopicConfig config = TopicDefaults.Plain(stored.Name, queues);
        return stored.IsBatch ? config with { Attributes = config.Attributes!.Add(TopicConfig.QueueType, TopicConfig.BatchQueues) }
            : config;
    }

    [LoggerMessage(EventId = 3666, Level = LogLevel.Warning, Message = ""
        + "Topic {Topic} has messages and is not in config/topics.json: the file was lost or is an older copy, or the last "
        + "master was lost before this member had copied the topic. It is made again with {Queues} queues, readable and "
        + "writable; compare its settings with what they should be, and delete it if it was deleted before")]
    private partial void LogMade(string topic, string queues);

    [LoggerMessage(EventId = 3686, Level = LogLevel.Warning, Message = ""
        + "{Count} topics were made again in all, {Lines} of them are named above; restore config/topics.json of a backup if "
        + "there is one")]
    private partial void LogMadeMore(int count, int lines);

    [LoggerMessage(EventId = 3687, Level = LogLevel.Information, Message = ""
        + "The queues of topic {Topic} were removed: its deletion was not finished when the broker stopped")]
    private partial void LogDeleted(string topic);
}
