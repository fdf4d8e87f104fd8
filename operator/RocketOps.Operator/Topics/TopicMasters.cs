using RocketOps.Client;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Topics;

/// <summary>The masters of a cluster that a topic belongs on: one per wanted group, registered or not.</summary>
internal static class TopicMasters
{
    public static IReadOnlyList<TopicMaster> Find(BrokerCluster cluster, ClusterInfo info)
    {
        ClusterNames names = new ClusterNames(cluster.Metadata.Name!, cluster.Metadata.Namespace!);
        return
        [
            .. Enumerable.Range(0, cluster.Spec.Brokers.Groups)
                .Select(names.Group)
                .Select(group => new TopicMaster(group, info.Brokers.GetValueOrDefault(group)?.MasterAddress)),
        ];
    }
}
