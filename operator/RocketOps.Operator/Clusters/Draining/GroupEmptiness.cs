using RocketOps.Client;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Topics;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Clusters.Draining;

/// <summary>
/// Asks the master of a group that takes no messages whether anything is left there that somebody has still to read: in any topic, its retries and dead letters, or on its way as delayed, timed or half message.
/// Message traces and RocketMQ's own topics do not count. Each request has a deadline of its own, and no more topics are begun than a pass has time for.
/// </summary>
internal sealed class GroupEmptiness(DrainCheck check, MasterCalls calls, OperatorOptions options, TimeProvider time)
{
    /// <param name="admin">Client of the cluster.</param>
    /// <param name="names">The cluster's names.</param>
    /// <param name="group">The group.</param>
    /// <param name="address">Of its master.</param>
    /// <param name="still">What is known since nothing was appended there; moves on with each topic that is read to its end.</param>
    /// <param name="cancellationToken">Ends the pass; what was found until then stays.</param>
    /// <returns>The first thing that is left, for people; null when nothing is.</returns>
    public async Task<string?> FindLeftAsync(IRocketMqAdmin admin, ClusterNames names, string group, string address, Stillness still, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        IReadOnlyDictionary<string, TopicConfig> topics = await calls.WithDeadlineAsync(token => admin.GetTopicConfigsAsync(address, token), cancellationToken);
        bool hasLooked = false;
        foreach (TopicConfig topic in topics.Values.Where(topic => !IsInternal(topic.Name, names.Cluster, group)).OrderBy(static topic => topic.Name, StringComparer.Ordinal))
        {
            if (string.CompareOrdinal(topic.Name, still.ReadTo) <= 0)
            {
                continue;
            }

            if (hasLooked && time.GetElapsedTime(started) >= options.AdminTimeout)
            {
                return $"the operator looks through its topics and has come to {still.ReadTo}";
            }

            hasLooked = true;
            DrainReport report = await check.AskAsync(admin, address, group, topic.Name, 0, Math.Max(topic.ReadQueues, topic.WriteQueues), still.Look, cancellationToken);
            if (!report.Drained)
            {
                return $"topic {topic.Name} waits for {report.BlockedBy ?? "its messages to be read"}";
            }

            still.ReadTo = topic.Name;
        }

        return null;
    }

    /// <summary>A topic that producers would find nowhere any more if the group took no messages; null when there is none.</summary>
    public async Task<string?> FindOnlyHereAsync(
        IRocketMqAdmin admin, ClusterNames names, string group, string address, IReadOnlyList<string> staying, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, TopicConfig> here = await calls.WithDeadlineAsync(token => admin.GetTopicConfigsAsync(address, token), cancellationToken);
        IReadOnlyDictionary<string, TopicConfig>[] there = await calls.WithDeadlineAsync(
            token => Task.WhenAll(staying.Select(other => admin.GetTopicConfigsAsync(other, token))), cancellationToken);
        return here.Values
            .Where(topic => IsWritable(topic) && !TopicNames.IsOfBrokers(topic.Name, names.Cluster, group))
            .Select(static topic => topic.Name)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault(name => !Array.Exists(there, topics => topics.TryGetValue(name, out TopicConfig? topic) && IsWritable(topic)));
    }

    /// <summary>Topics of RocketMQ's own, in which nothing of a user's waits that is not found by the user's topic.</summary>
    private static bool IsInternal(string topic, string cluster, string group) => TopicNames.IsSystem(topic) || topic == cluster || topic == group;

    private static bool IsWritable(TopicConfig topic) => topic.WriteQueues > 0 && topic.Permission.HasFlag(TopicPermission.Write);
}
