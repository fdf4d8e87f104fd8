using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Timers;
using RocketOps.Broker.Topics;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Names;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Pending;

/// <summary>The queues of the broker in which messages of other topics wait, and how far each of them has come. Any thread.</summary>
internal sealed class BacklogQueues(
    CurrentOptions<DelayOptions> options,
    CurrentOptions<TimerOptions> timerOptions,
    TopicTable topics,
    ConsumerOffsetTable offsets,
    DelayOffsetTable delayOffsets,
    DelayRouter delays,
    TimerTable timers,
    TimerRouter timerRouter,
    TransactionState transactions)
{
    /// <summary>All of them, for a topic: with the retry topics of the groups that have offsets on it when <paramref name="withRetries"/>.</summary>
    public IReadOnlyList<BacklogQueue> Find(string topic, bool withRetries)
    {
        DelayLevels levels = options.Value.DelayLevels;
        List<BacklogQueue> queues =
        [
            new BacklogQueue(
                transactions.Topics.Half,
                TransactionTopics.Queue,
                PendingKind.Half,
                () => offsets.Query(TopicNames.TransactionHalf, GroupNames.Transactions, TransactionTopics.Queue),
                half => transactions.Halves.IsOpen(half.QueueOffset),
                static (_, _) => 0),
            new BacklogQueue(timerRouter.Topic, TimerTopic.Queue, PendingKind.Timer, static () => 0, WaitsForItsTime, static (_, slot) => slot),
        ];
        for (int level = 1; level <= levels.MaxLevel; level++)
        {
            int current = level;
            long delay = (long)levels.DelayOf(level).TotalMilliseconds;
            queues.Add(new BacklogQueue(
                delays.Schedule, delays.QueueOf(level), PendingKind.Delayed, () => delayOffsets.Get(current), static _ => true, (storedAt, _) => storedAt + delay));
        }

        if (withRetries)
        {
            AddRetries(topic, queues);
        }

        return queues;
    }

    private void AddRetries(string topic, List<BacklogQueue> queues)
    {
        foreach (string group in offsets.GroupsOf(topic))
        {
            string name = TopicNames.RetryTopicOf(group);
            if (!topics.TryGet(name, out TopicState? retry))
            {
                continue;
            }

            for (int queueId = 0; queueId < retry.Config.ReadQueueNums; queueId++)
            {
                int current = queueId;
                queues.Add(new BacklogQueue(
                    retry.StoreTopic, queueId, PendingKind.Retry, () => Math.Max(0, offsets.Query(name, group, current)), static _ => true, static (_, _) => 0));
            }
        }
    }

    /// <summary>
    /// Not taken into a slot yet, or in one that is not delivered. One on a stop on its way counts as long as its copy does, and one that was recalled until its time has come.
    /// A message that is taken late goes into the slot of that moment, which is a step behind its own at most unless deliveries are stopped: then all of them count.
    /// </summary>
    private bool WaitsForItsTime(PendingMessage message) =>
        timerOptions.Value.TimerStopsDequeue
        || message.QueueOffset >= timers.QueueOffset
        || ((message.Time < 0 || message.Time >= timers.ReadMs - (2L * timers.PrecisionMs)) && !(timers.Counts.HasDeliveredAll(out long taken) && message.QueueOffset < taken));
}

/// <summary>A queue in which messages of other topics wait.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="QueueId">Its number.</param>
/// <param name="Kind">What waits there.</param>
/// <param name="DoneBefore">Every message before this queue offset is done with. Asked before anything is read; may lag behind the truth.</param>
/// <param name="Waits">Whether a message from there on still waits.</param>
/// <param name="DueOf">When a message is due: given its store time and the slot its properties name (−1 for none), milliseconds since 1970; 0 when nobody knows.</param>
internal sealed record BacklogQueue(
    StoreTopic Topic, int QueueId, PendingKind Kind, Func<long> DoneBefore, Func<PendingMessage, bool> Waits, Func<long, long, long> DueOf);
