using RocketOps.Client;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Asks a broker whether the queues of a topic are consumed to their end. A queue is drained when it is empty, or when every group that
/// consumes the topic has committed its last offset; messages nobody consumes wait for somebody, or for their retention to end.
/// </summary>
internal static class DrainCheck
{
    private const int TopicNotExist = 17;

    /// <param name="admin">Client of the cluster.</param>
    /// <param name="address">The master.</param>
    /// <param name="broker">Its group, for the report.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="fromQueue">Queues below this number do not matter.</param>
    /// <param name="toQueue">The first number that is no queue. A queue in between that the broker does not report counts as not drained.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public static async Task<DrainReport> AskAsync(
        IRocketMqAdmin admin, string address, string broker, string topic, int fromQueue, int toQueue, CancellationToken cancellationToken)
    {
        TopicStats stats;
        try
        {
            stats = await admin.GetTopicStatsAsync(address, topic, cancellationToken);
        }
        catch (RocketMqException refused) when (refused.ResponseCode == TopicNotExist)
        {
            return DrainReport.Done;
        }

        HashSet<int> reported = stats.Queues.Keys.Select(static queue => queue.QueueId).ToHashSet();
        if (!Enumerable.Range(fromQueue, toQueue - fromQueue).All(reported.Contains))
        {
            return new DrainReport(false, $"queues on {broker} whose offsets the broker does not tell");
        }

        KeyValuePair<MessageQueue, QueueOffsets>[] filled = stats.Queues.Where(queue => queue.Key.QueueId >= fromQueue && queue.Value.MaxOffset > queue.Value.MinOffset).ToArray();
        if (filled.Length == 0)
        {
            return DrainReport.Done;
        }

        IReadOnlyList<string> groups = await admin.GetGroupsOfTopicAsync(address, topic, cancellationToken);
        if (groups.Count == 0)
        {
            return new DrainReport(false, $"messages on {broker} that no consumer group reads");
        }

        foreach (string group in groups.Order(StringComparer.Ordinal))
        {
            ConsumeStats progress = await admin.GetConsumeStatsAsync(address, group, topic, cancellationToken);
            foreach ((MessageQueue? queue, QueueOffsets? offsets) in filled)
            {
                if (!progress.Queues.TryGetValue(queue, out ConsumerQueueOffsets? consumed) || consumed.ConsumerOffset < offsets.MaxOffset)
                {
                    return new DrainReport(false, $"messages on {broker} that group {group} has not read");
                }
            }
        }

        return DrainReport.Done;
    }
}
