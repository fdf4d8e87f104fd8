namespace RocketOps.Broker.Handlers.Assignments;

/// <summary>
/// Division of sorted queues among the sorted members of a group, by the names that clients give it. Each member is told by another broker,
/// or computes it by itself, so it must come out the same everywhere. Source: apache/rocketmq AllocateMessageQueueAveragely,
/// AllocateMessageQueueAveragelyByCircle 5.5.0.
/// </summary>
internal static class QueueShares
{
    /// <summary>The share of one member; null when the way to share is none that brokers know.</summary>
    /// <param name="strategy">AVG: neighbouring queues, the first members one more when it does not come out even. AVG_BY_CIRCLE: one for each in turn.</param>
    /// <param name="queues">All of them, sorted.</param>
    /// <param name="members">Number of members, more than 0.</param>
    /// <param name="index">Which of them, sorted; −1 for none of them, whose share is nothing.</param>
    public static IEnumerable<T>? Of<T>(string? strategy, IReadOnlyList<T> queues, int members, int index)
    {
        int each = queues.Count / members;
        int more = queues.Count % members;
        return strategy switch
        {
            "AVG" or "AVG_BY_CIRCLE" when index < 0 => [],
            "AVG" => queues.Skip((index * each) + Math.Min(index, more)).Take(each + (index < more ? 1 : 0)),
            "AVG_BY_CIRCLE" => queues.Where((_, at) => at % members == index),
            _ => null,
        };
    }
}
