using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.ConsumerGroups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Topics;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Clusters.Opening;

/// <summary>
/// Sees to what a new group has to have before producers come: consumer groups and topics without an object are copied from the other groups' masters, those with one are written by their own controllers and waited for.
/// What is there already is left as it is, so it may be begun anew at any time. Each request has a deadline of its own, and no more is copied than a pass has time for.
/// </summary>
internal sealed class GroupFilling(MasterIndex<Topic> topics, MasterIndex<ConsumerGroup> groups, MasterCalls calls, OperatorOptions options, TimeProvider time)
{
    /// <param name="admin">Client of the cluster.</param>
    /// <param name="context">The cluster.</param>
    /// <param name="to">The new group and its master's address.</param>
    /// <param name="from">The other groups and their masters' addresses.</param>
    /// <param name="refused">Takes what the new group's master refuses, in its words: nobody waits for that.</param>
    /// <param name="cancellationToken">Ends the pass; what was copied stays.</param>
    /// <returns>The first thing that is missing, for people; null when nothing is.</returns>
    public async Task<string?> FillAsync(
        IRocketMqAdmin admin, ClusterContext context, GroupMaster to, IReadOnlyList<GroupMaster> from, ICollection<string> refused, CancellationToken cancellationToken)
    {
        Topic[] topicObjects = [.. topics.Of(context.Cluster).Where(topic => IsKept(context, topic, topic.Spec.ManagementPolicy))];
        ConsumerGroup[] groupObjects = [.. groups.Of(context.Cluster).Where(group => IsKept(context, group, group.Spec.ManagementPolicy))];
        HashSet<string> keptTopics = topicObjects.Select(EffectiveName.Of).ToHashSet(StringComparer.Ordinal);
        HashSet<string> keptGroups = groupObjects.Select(EffectiveName.Of).ToHashSet(StringComparer.Ordinal);

        // At once: many masters cost a pass no more than one does.
        Tables[] tables = await Task.WhenAll(from.Prepend(to).Select(master => AskAsync(admin, master.Address!, cancellationToken)));
        (IReadOnlyDictionary<string, SubscriptionGroupConfig> hasGroups, IReadOnlyDictionary<string, TopicConfig> hasTopics) = tables[0];
        Dictionary<string, SubscriptionGroupConfig> otherGroups = new(StringComparer.Ordinal);
        Dictionary<string, TopicConfig> otherTopics = new(StringComparer.Ordinal);
        foreach ((GroupMaster other, Tables has) in from.Zip(tables.Skip(1)))
        {
            Take(has.Groups, otherGroups, name => !GroupNames.IsSystem(name) && !keptGroups.Contains(name) && !hasGroups.ContainsKey(name));
            Take(has.Topics, otherTopics, name => !TopicNames.IsOfBrokers(name, context.Names.Cluster, other.Broker) && !keptTopics.Contains(name) && !hasTopics.ContainsKey(name));
        }

        // Groups before topics, so that consumers have theirs when topics come into routes.
        long started = time.GetTimestamp();
        string? missing = await CopyAsync("consumer group", otherGroups, (group, token) => admin.CreateOrUpdateSubscriptionGroupAsync(to.Address!, Copy(group), token), refused, started, cancellationToken)
            ?? await CopyAsync("topic", otherTopics, (topic, token) => admin.CreateOrUpdateTopicAsync(to.Address!, topic with { Attributes = topic.Attributes is { Count: > 0 } some ? some : null }, token), refused, started, cancellationToken);
        if (missing is not null)
        {
            return missing;
        }

        // What was copied is compared by the pass that finds nothing left to copy.
        if (otherGroups.Count + otherTopics.Count > refused.Count)
        {
            return "what was copied to be there";
        }

        return Array.Find(groupObjects, group => IsWaitedFor(group, group.Status?.ObservedGeneration, group.Status?.Conditions) && !IsThere(group, hasGroups)) is { } missingGroup
            ? $"ConsumerGroup {missingGroup.Name()} to be on it"
            : Array.Find(topicObjects, topic => TopicPlacement.IsWanted(topic, context.Cluster, to.Broker) && IsWaitedFor(topic, topic.Status?.ObservedGeneration, topic.Status?.Conditions) && !IsThere(topic, hasTopics)) is { } missingTopic ? $"Topic {missingTopic.Name()} to be on it" : null;
    }

    private static bool IsKept(ClusterContext context, IKubernetesObject entity, ManagementPolicy policy) =>
        policy == ManagementPolicy.Manage && !entity.IsDeleting() && context.Cluster.Admits(entity.Namespace());

    /// <summary>Returns true when the opening waits for the object: one that only a person can help keeps no group closed.</summary>
    private static bool IsWaitedFor(IKubernetesObject entity, long? observed, IEnumerable<Condition>? conditions) =>
        observed != entity.Metadata.Generation || !Conditions.IsTrue(conditions, ConditionTypes.Stalled);

    private static bool IsThere(ConsumerGroup group, IReadOnlyDictionary<string, SubscriptionGroupConfig> has) =>
        has.TryGetValue(EffectiveName.Of(group), out SubscriptionGroupConfig? found) && ConsumerGroupSettings.Difference(group.Spec, found) is null;

    /// <summary>
    /// Returns true when the topic is there as producers are to see it: queues that consumers still read to their ends, of a group that
    /// comes back, are nothing to them.
    /// </summary>
    private static bool IsThere(Topic topic, IReadOnlyDictionary<string, TopicConfig> has)
    {
        TopicSettings wanted = TopicSettings.Wanted(topic.Spec);
        return BrokerTopics.Settings(has.GetValueOrDefault(EffectiveName.Of(topic))) is { } found && found.ReadQueues >= wanted.ReadQueues && found with { ReadQueues = wanted.ReadQueues } == wanted;
    }

    private static void Take<TConfig>(IReadOnlyDictionary<string, TConfig> found, Dictionary<string, TConfig> into, Func<string, bool> isWanted)
    {
        foreach ((string name, TConfig config) in found.Where(pair => isWanted(pair.Key)))
        {
            // Where they differ the first group's counts.
            into.TryAdd(name, config);
        }
    }

    /// <summary>Brokers take attributes as changes.</summary>
    private static SubscriptionGroupConfig Copy(SubscriptionGroupConfig group) =>
        group with { Attributes = group.Attributes is { Count: > 0 } attributes ? attributes.ToDictionary(static pair => "+" + pair.Key, static pair => pair.Value, StringComparer.Ordinal) : null };

    private async Task<Tables> AskAsync(IRocketMqAdmin admin, string address, CancellationToken cancellationToken) => new(
        await calls.WithDeadlineAsync(token => admin.GetSubscriptionGroupsAsync(address, token), cancellationToken),
        await calls.WithDeadlineAsync(token => admin.GetTopicConfigsAsync(address, token), cancellationToken));

    /// <returns>Where it was when there was no time left; null when everything was written or refused.</returns>
    private async Task<string?> CopyAsync<TConfig>(
        string what, Dictionary<string, TConfig> configs, Func<TConfig, CancellationToken, Task> write, ICollection<string> refused, long started, CancellationToken cancellationToken)
    {
        string? last = null;
        foreach ((string name, TConfig config) in configs.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            if (last is not null && time.GetElapsedTime(started) >= options.AdminTimeout)
            {
                // Many of them: the next pass goes on where this one ended.
                return $"the operator, which copies the other groups' topics and consumer groups and has come to {last}";
            }

            try
            {
                await calls.WithDeadlineAsync(token => write(config, token), cancellationToken);
                last = name;
            }
            catch (RocketMqException failed) when (AdminFailures.Words(failed) is { } words)
            {
                refused.Add($"{what} {name} ({words})");
            }
        }

        return null;
    }

    /// <summary>Consumer groups and topics that a master has.</summary>
    private sealed record Tables(IReadOnlyDictionary<string, SubscriptionGroupConfig> Groups, IReadOnlyDictionary<string, TopicConfig> Topics);
}
