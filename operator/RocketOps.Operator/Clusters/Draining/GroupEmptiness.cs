using RocketOps.Client;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Clusters.Draining;

/// <summary>
/// Asks the master of a group that takes no messages whether anything is left there that somebody has still to read: in any topic, its retries and dead letters, or on its way as delayed, timed or half message.
/// Message traces and RocketMQ's own topics do not count.
/// </summary>
internal static class GroupEmptiness
{
    /// <param name="admin">Client of the cluster.</param>
    /// <param name="names">The cluster's names.</param>
    /// <param name="group">The group.</param>
    /// <param name="address">Of its master.</param>
    /// <param name="still">What is known since nothing was appended there; moves on with each topic that is read to its end.</param>
    /// <param name="cancellationToken">Ends the asking; what was found until then stays.</param>
    /// <returns>The first thing that is left, for people; null when nothing is.</returns>
    public static async Task<string?> FindLeftAsync(IRocketMqAdmin admin, ClusterNames names, string group, string address, Stillness still, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, TopicConfig> topics = await admin.GetTopicConfigsAsync(address, cancellationToken);
        foreach (TopicConfig topic in topics.Values.Where(topic => !TopicNames.IsInternal(topic.Name, names.Cluster, group)).OrderBy(static topic => topic.Name, StringComparer.Ordinal))
        {
            if (string.CompareOrdinal(topic.Name, still.ReadTo) <= 0)
            {
                continue;
            }

            DrainReport report = await DrainCheck.AskAsync(admin, address, group, topic.Name, 0, Math.Max(topic.ReadQueues, topic.WriteQueues), cancellationToken);
            if (!report.Drained)
            {
                return $"topic {topic.Name} waits for {report.BlockedBy ?? "its messages to be read"}";
            }

            still.ReadTo = topic.Name;
        }

        return null;
    }

    /// <summary>A topic that producers would find nowhere any more if the group took no messages; null when there is none.</summary>
    public static async Task<string?> FindOnlyHereAsync(
        IRocketMqAdmin admin, ClusterNames names, string group, string address, IReadOnlyList<string> staying, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, TopicConfig> here = await admin.GetTopicConfigsAsync(address, cancellationToken);
        IReadOnlyDictionary<string, TopicConfig>[] there = await Task.WhenAll(staying.Select(other => admin.GetTopicConfigsAsync(other, cancellationToken)));
        return here.Values
            .Where(topic => IsWritable(topic) && !TopicNames.IsSystem(topic.Name) && !TopicNames.IsInternal(topic.Name, names.Cluster, group))
            .Select(static topic => topic.Name)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault(name => !Array.Exists(there, topics => topics.TryGetValue(name, out TopicConfig? topic) && IsWritable(topic)));
    }

    private static bool IsWritable(TopicConfig topic) => topic.WriteQueues > 0 && topic.Permission.HasFlag(TopicPermission.Write);
}
