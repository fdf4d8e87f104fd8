using RocketOps.Client;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Asks a broker whether queues of a topic are consumed to their end, and whether nothing is on its way into them. A queue is drained when it is empty, or when every group that
/// consumes the topic has committed its last offset, and when the broker knows of no half, timer or delayed message that is meant for it; messages nobody consumes wait for
/// somebody, or for their retention to end. Each request has a deadline of its own, and a master that answers is asked no longer than a pass may: who had no turn is asked by the next one.
/// </summary>
internal sealed class DrainCheck(MasterCalls calls, OperatorOptions options, TimeProvider time)
{
    /// <summary>Answer code of a broker that has no such topic.</summary>
    public const int TopicNotExist = 17;

    /// <param name="admin">Client of the cluster.</param>
    /// <param name="address">The master.</param>
    /// <param name="broker">Its group, for the report.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="fromQueue">Queues below this number do not matter; with 0, what consumers have sent back does.</param>
    /// <param name="toQueue">The first number that is no queue. A queue in between that the broker does not report counts as not drained.</param>
    /// <param name="look">Who need not be asked again; keeps what is found for the next time.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public async Task<DrainReport> AskAsync(
        IRocketMqAdmin admin, string address, string broker, string topic, int fromQueue, int toQueue, DrainLook look, CancellationToken cancellationToken)
    {
        look.GoOn();
        try
        {
            TopicStats stats = await calls.WithDeadlineAsync(token => admin.GetTopicStatsAsync(address, topic, token), cancellationToken);
            HashSet<int> reported = stats.Queues.Keys.Select(static queue => queue.QueueId).ToHashSet();
            if (!Enumerable.Range(fromQueue, toQueue - fromQueue).All(reported.Contains))
            {
                return new DrainReport(false, $"queues on {broker} whose offsets the broker does not tell");
            }

            if (await UnreadAsync(admin, address, broker, topic, fromQueue, stats, look, cancellationToken) is { } unread)
            {
                return new DrainReport(false, unread);
            }

            if (PendingText.Of(await calls.WithDeadlineAsync(token => admin.GetPendingMessagesAsync(address, topic, fromQueue, token), cancellationToken), broker) is { } pending)
            {
                return new DrainReport(false, pending);
            }

            // What was delivered into the queues, or consumed from them and sent back, while the two were asked one after the other, was seen by neither.
            TopicStats after = await calls.WithDeadlineAsync(token => admin.GetTopicStatsAsync(address, topic, token), cancellationToken);
            return after.Queues.Any(queue => queue.Key.QueueId >= fromQueue && stats.Queues.GetValueOrDefault(queue.Key)?.MaxOffset != queue.Value.MaxOffset)
                ? new DrainReport(false, $"messages that have just arrived on {broker}")
                : DrainReport.Done;
        }
        catch (RocketMqException refused) when (refused.ResponseCode == TopicNotExist)
        {
            return DrainReport.Done;
        }
        catch (Exception late) when (look.HasAnswer && AdminFailures.IsLate(late, cancellationToken))
        {
            return new DrainReport(false, TakesLonger(broker));
        }
    }

    /// <summary>The same words in every pass: a status that changes with each pass would be written with each pass.</summary>
    private static string TakesLonger(string broker) =>
        $"{broker}, which answers, but takes longer to say what is left to be read than a pass may; the next pass asks on where this one ended";

    /// <summary>Returns text for who has not read the queues to their ends; null when everybody has.</summary>
    private async Task<string?> UnreadAsync(
        IRocketMqAdmin admin, string address, string broker, string topic, int fromQueue, TopicStats stats, DrainLook look, CancellationToken cancellationToken)
    {
        KeyValuePair<MessageQueue, QueueOffsets>[] filled = stats.Queues
            .Where(queue => queue.Key.QueueId >= fromQueue && queue.Value.MaxOffset > queue.Value.MinOffset)
            .OrderBy(static queue => queue.Key.QueueId)
            .ToArray();
        look.Ends(filled);
        if (filled.Length == 0)
        {
            return null;
        }

        IReadOnlyList<string> groups = await calls.WithDeadlineAsync(token => admin.GetGroupsOfTopicAsync(address, topic, token), cancellationToken);
        if (groups.Count == 0)
        {
            return $"messages in queue {filled[0].Key.QueueId} of {broker} that no consumer group reads";
        }

        long started = time.GetTimestamp();
        foreach (string group in groups.Where(group => !look.HasRead(group)).Order(StringComparer.Ordinal))
        {
            if (time.GetElapsedTime(started) >= options.AdminTimeout)
            {
                return TakesLonger(broker);
            }

            ConsumeStats progress = await calls.WithDeadlineAsync(token => admin.GetConsumeStatsAsync(address, group, topic, token), cancellationToken);
            foreach ((MessageQueue queue, QueueOffsets offsets) in filled)
            {
                if (!progress.Queues.TryGetValue(queue, out ConsumerQueueOffsets? consumed))
                {
                    return $"group {group}, which has read nothing of queue {queue.QueueId} of {broker}";
                }

                if (consumed.ConsumerOffset < offsets.MaxOffset)
                {
                    long behind = offsets.MaxOffset - Math.Max(consumed.ConsumerOffset, offsets.MinOffset);
                    return $"group {group}, {PendingText.Number(behind)} {(behind == 1 ? "message" : "messages")} behind in queue {queue.QueueId} of {broker}";
                }
            }

            look.Read(group);
        }

        return null;
    }
}

/// <summary>Report on whether some queues of a topic on one broker are consumed to their end.</summary>
/// <param name="Drained">Nothing is left that somebody has still to read.</param>
/// <param name="BlockedBy">What is left, for people; null when nothing is.</param>
internal sealed record DrainReport(bool Drained, string? BlockedBy)
{
    public static readonly DrainReport Done = new(true, null);
}
