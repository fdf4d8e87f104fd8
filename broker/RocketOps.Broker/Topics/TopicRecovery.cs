using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Persistence;
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

    /// <summary>Queues that a line names.</summary>
    private const int MaxQueues = 16;

    /// <summary>
    /// Makes the topics that have messages in the store, are in no table and were not deleted, and names topics whose table has fewer queues
    /// than have messages. Call it when the queues of everything in the log are known and no thread appends.
    /// </summary>
    /// <param name="endsDeletions">
    /// Removes queues of topics whose deletion was not finished when the broker stopped. Not where the log waits for copies, which would be
    /// waited for: there the queues stay until the topic is made again, or
    /// <c>cleanUnusedTopic</c>.
    /// </param>
    public async Task TakeTopicsAsync(bool endsDeletions)
    {
        List<TopicConfig> found = [];
        HashSet<string> refuted = new(StringComparer.Ordinal);
        Refutation refutation = new(store, endsDeletions && topics.History.Followed is null);
        foreach (StoreTopic stored in store.Topics)
        {
            bool isKnown = topics.TryGet(stored.Name, out _) || TopicNames.IsLight(stored.Name)
                || TopicNames.FindProblem(stored.Utf8Name.Span) is not null;
            DeletionNote? note = topics.History.Deletions.GetValueOrDefault(stored.Name);

            // A topic that was made again has messages of before where the table is newer than the store: then its note ends no earlier
            // than the log.
            IReadOnlyList<int> queues = isKnown && !(note?.End >= store.Positions.Appended.Value) ? [] : store.GetQueueIds(stored);
            if (queues.Count == 0)
            {
                continue;
            }

            bool isDeleted = note is not null
                && (note.End is not { } end || !await store.HasMessagesBehindAsync(stored, new(end), CancellationToken.None));
            bool hasMessages = await store.HasMessagesBehindAsync(stored, new(0), CancellationToken.None);
            if (isDeleted && hasMessages && await refutation.CoversAsync(stored, note!))
            {
                refuted.Add(stored.Name);
                if (isKnown)
                {
                    LogKept(stored.Name);
                }
                else
                {
                    found.Add(ConfigOf(stored, queues[^1] + 1));
                }
            }
            else if (isKnown)
            {
                continue;
            }
            else if (isDeleted && endsDeletions)
            {
                await store.DeleteTopicAsync(stored, CancellationToken.None);
                LogDeleted(stored.Name);
            }
            else if (!isDeleted && hasMessages)
            {
                found.Add(ConfigOf(stored, queues[^1] + 1));
            }
        }

        await topics.SettleDeletionsAsync(store.Positions.Appended, refuted);
        await topics.RecoverAsync(found);
        TellOfMade(found, refuted);
        await TellOfHiddenQueuesAsync();
    }

    /// <summary>
    /// Drops notes of deletions that were made in another store's log, in every role. To be called when the store has started, before
    /// anything goes by them.
    /// </summary>
    public async Task DropHistoryOfOtherLogAsync(CancellationToken cancellationToken)
    {
        int dropped = await topics.DropHistoryOfOtherLogAsync(cancellationToken);
        if (dropped > 0)
        {
            LogOtherLog(dropped);
        }
    }

    /// <inheritdoc cref="TopicTable.DropDeletionsBehindAsync"/>
    public Task ForgetDeletionsBehindAsync(PhysicalOffset end) => topics.DropDeletionsBehindAsync(end);

    private void TellOfMade(List<TopicConfig> made, HashSet<string> refuted)
    {
        foreach (TopicConfig config in made.Take(MaxLines))
        {
            string count = config.ReadQueueNums.ToString(CultureInfo.InvariantCulture);
            if (refuted.Contains(config.Name))
            {
                LogRefuted(config.Name, count);
            }
            else
            {
                LogMade(config.Name, count);
            }
        }

        if (made.Count > MaxLines)
        {
            LogMadeMore(made.Count, MaxLines);
        }
    }

    /// <summary>
    /// An older table has fewer queues than the topic had when it was sent to. The start grows no topic: one that an administrator gave
    /// fewer queues looks the same.
    /// </summary>
    private async Task TellOfHiddenQueuesAsync()
    {
        List<(StoreTopic Topic, int From)> looked =
            [.. topics.All.Where(static topic => !topic.IsSystem).Select(static topic => (topic.StoreTopic, topic.Config.ReadQueueNums))];
        List<(StoreTopic Topic, IReadOnlyList<int> QueueIds)> hidden = await store.FindQueuesFromAsync(looked, CancellationToken.None);
        foreach ((StoreTopic topic, IReadOnlyList<int> ids) in hidden.Take(MaxLines))
        {
            string shown = string.Join(", ", ids.Take(MaxQueues))
                + (ids.Count > MaxQueues ? string.Create(CultureInfo.InvariantCulture, $" and {ids.Count - MaxQueues} more") : string.Empty);
            LogHidden(topic.Name, shown, ids[^1] + 1);
        }

        if (hidden.Count > MaxLines)
        {
            LogHiddenMore(hidden.Count, MaxLines);
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
        + "The queues of topic {Topic} were removed: config/topics.json says that it was deleted. They were left by a deletion that was "
        + "not finished when the broker stopped, or made again from messages that came before it")]
    private partial void LogDeleted(string topic);

    [LoggerMessage(EventId = 3693, Level = LogLevel.Warning, Message = ""
        + "config/topics.json says that topic {Topic} was deleted, and this store never deleted it and has messages of it: config/ is "
        + "newer than the store, as when only the other folders were restored. The broker removes nothing. It drops the note and makes "
        + "the topic again with {Queues} queues, readable and writable; compare its settings with what they should be, and delete the "
        + "topic if you do not want it")]
    private partial void LogRefuted(string topic, string queues);

    [LoggerMessage(EventId = 3696, Level = LogLevel.Warning, Message = ""
        + "config/topics.json says that topic {Topic} was deleted and made again, and this store never deleted it and has messages of it: "
        + "config/ is newer than the store, as when only the other folders were restored. The broker removes nothing and drops the note; "
        + "delete the topic if you do not want its messages")]
    private partial void LogKept(string topic);

    [LoggerMessage(EventId = 3700, Level = LogLevel.Warning, Message = ""
        + "config/topics.json notes {Count} deletions of topics in another log than this store's: the file is another broker's. The broker "
        + "drops these notes and removes nothing. Restore config/ of this store if there is a copy")]
    private partial void LogOtherLog(int count);

    [LoggerMessage(EventId = 3694, Level = LogLevel.Warning, Message = ""
        + "Consumers cannot read all messages of topic {Topic}: queues {QueueIds} have messages, and readQueueNums in "
        + "config/topics.json is lower. The file is an older copy, or an administrator gave the topic fewer queues. To read them: "
        + "rocketops topic alter {Topic} --read-queues {ReadQueues}, or mqadmin updateTopic with -r {ReadQueues}")]
    private partial void LogHidden(string topic, string queueIds, int readQueues);

    [LoggerMessage(EventId = 3695, Level = LogLevel.Warning, Message = ""
        + "{Count} topics in all have queues with messages that consumers cannot read, {Lines} of them are named above; if "
        + "config/topics.json is an older copy, restore a newer one")]
    private partial void LogHiddenMore(int count, int lines);

    /// <summary>
    /// Tells notes of deletions that were made in another store's time: config/ is newer than the other folders, as after a restore of
    /// these alone.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="asksInventory">
    /// What the store noted of its queues counts. Not where deletions that were broken off leave their queues: these notes end later, too.
    /// Nor in the store of a slave of before: it gets messages of a topic, and queues for them, after it has followed the deletion.
    /// </param>
    private sealed class Refutation(MessageStore store, bool asksInventory)
    {
        private IReadOnlySet<string>? _noted;

        /// <summary>
        /// True when the deletion was finished, and not in this store: it lies behind the log's end, or the queues were there by the
        /// store's own inventory, which notes each deletion before it begins.
        /// </summary>
        public async Task<bool> CoversAsync(StoreTopic stored, DeletionNote note)
        {
            if (note.End is not { } end)
            {
                return false;
            }

            if (end > store.Positions.Appended.Value)
            {
                return true;
            }

            return asksInventory
                && (_noted ??= await store.ReadNotedTopicsAsync(CancellationToken.None)).Contains(stored.Name);
        }
    }
}
