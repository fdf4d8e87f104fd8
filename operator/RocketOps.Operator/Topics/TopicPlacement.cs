using System.Globalization;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>Tells on which groups of its cluster a topic is asked to be, and from which it has to go.</summary>
internal static class TopicPlacement
{
    /// <summary>Masters that are asked to have the topic.</summary>
    public static IReadOnlyList<RoundMaster<TopicSettings>> Wanted(Topic topic, BrokerCluster cluster, IEnumerable<RoundMaster<TopicSettings>> masters) =>
        [.. masters.Where(master => IsWanted(topic, cluster, master.Broker))];

    /// <summary>Masters where the topic is the object's, and is to be no more. A group that leaves the cluster is none of them: what is in it is read before it goes.</summary>
    public static IReadOnlyList<RoundMaster<TopicSettings>> Unwanted(Topic topic, BrokerCluster cluster, IEnumerable<RoundMaster<TopicSettings>> masters) =>
        topic.Spec.ManagementPolicy == ManagementPolicy.Observe
            ? []
            : [.. masters.Where(master => !IsWanted(topic, cluster, master.Broker) && TopicClaims.Find(topic, master.Broker) is not null)];

    /// <summary>Groups that are asked for and are none of the cluster's, or not for long; one outcome for each.</summary>
    public static IEnumerable<TopicOutcome> Missing(Topic topic, BrokerCluster cluster)
    {
        int groups = cluster.Spec.Brokers.Groups;
        HashSet<string> leaving = ClusterMasters.Leaving(cluster).ToHashSet(StringComparer.Ordinal);
        return (topic.Spec.Groups ?? []).Distinct().Order().Where(group => group < 0 || group >= groups).Select(group => new TopicOutcome(
            Name(cluster, group),
            null,
            Problem: new Problem(
                Reasons.GroupNotFound,
                leaving.Contains(Name(cluster, group))
                    ? string.Create(CultureInfo.InvariantCulture, $"{Name(cluster, group)} leaves BrokerCluster {cluster.Metadata.Name}. Name a group that stays in spec.groups instead of {group}, or set spec.brokers.groups of the cluster back.")
                    : string.Create(CultureInfo.InvariantCulture, $"BrokerCluster {cluster.Metadata.Name} has no broker group {Name(cluster, group)}: spec.brokers.groups is {groups}. Take {group} out of spec.groups, or raise the cluster's number."))));
    }

    /// <summary>Returns true when the topic is asked to be on a group.</summary>
    public static bool IsWanted(Topic topic, BrokerCluster cluster, string broker) =>
        topic.Spec.Groups is not { } groups || groups.Exists(group => Name(cluster, group) == broker);

    /// <summary>
    /// Returns the time since which a new group is closed that the topic is asked to be on and is not yet, as a status says; null when
    /// there is none. Such a group is opened when it is there.
    /// </summary>
    public static DateTimeOffset? ClosedSince(Topic topic, BrokerCluster cluster, TopicStatus status) =>
        ClusterMasters.ClosedSince(cluster, group => !IsWanted(topic, cluster, group) || status.Brokers?.Exists(broker => broker.Name == group) == true);

    /// <summary>The status tells of every group that the topic is asked to be on.</summary>
    public static bool IsEverywhere(Topic topic, BrokerCluster cluster) => Enumerable.Range(0, cluster.Spec.Brokers.Groups)
        .Select(group => Name(cluster, group))
        .All(group => !IsWanted(topic, cluster, group) || topic.Status?.Brokers?.Exists(broker => broker.Name == group) == true);

    private static string Name(BrokerCluster cluster, int group) => new ClusterNames(cluster.Metadata.Name!, cluster.Metadata.Namespace!).Group(group);
}
