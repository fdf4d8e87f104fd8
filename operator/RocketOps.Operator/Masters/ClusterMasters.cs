using RocketOps.Client;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Masters;

/// <summary>The masters of a cluster that topics and consumer groups belong on: one per wanted group, registered or not.</summary>
internal static class ClusterMasters
{
    /// <param name="cluster">The cluster.</param>
    /// <param name="info">Who is registered.</param>
    /// <param name="withLeaving">Those too that are on their way out.</param>
    public static IReadOnlyList<GroupMaster> Find(BrokerCluster cluster, ClusterInfo info, bool withLeaving = false)
    {
        ClusterNames names = new ClusterNames(cluster.Metadata.Name!, cluster.Metadata.Namespace!);
        return
        [
            .. Enumerable.Range(0, cluster.Spec.Brokers.Groups)
                .Select(names.Group)
                .Concat(withLeaving ? Leaving(cluster) : [])
                .Select(group => new GroupMaster(group, info.Brokers.GetValueOrDefault(group)?.MasterAddress)),
        ];
    }

    /// <summary>A group that is new and takes no messages yet, as the cluster's controller says: what is there is nothing to producers.</summary>
    public static bool IsClosed(BrokerCluster cluster, string group) => ClosedBy(cluster, group) is not null;

    /// <summary>
    /// Returns the time since which groups are closed that something is not on yet: they wait for it, so it waits for them. Null when it is
    /// on all that are closed.
    /// </summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="isThere">Whether it is on a group.</param>
    public static DateTimeOffset? ClosedSince(BrokerCluster cluster, Func<string, bool> isThere) => Enumerable.Range(0, cluster.Spec.Brokers.Groups)
        .Select(new ClusterNames(cluster.Metadata.Name!, cluster.Metadata.Namespace!).Group)
        .Where(group => !isThere(group))
        .Select(group => ClosedBy(cluster, group)?.Since)
        .Max();

    private static OperationStatus? ClosedBy(BrokerCluster cluster, string group) =>
        cluster.Status?.Operations?.Find(operation => operation.Type == OperationType.Open && operation.Group == group && operation.Phase != OperationPhase.Opening);

    /// <summary>Groups that are there and not asked for any more.</summary>
    public static IEnumerable<string> Leaving(BrokerCluster cluster)
    {
        ClusterNames names = new ClusterNames(cluster.Metadata.Name!, cluster.Metadata.Namespace!);
        HashSet<string> wanted = Enumerable.Range(0, cluster.Spec.Brokers.Groups).Select(names.Group).ToHashSet(StringComparer.Ordinal);
        return (cluster.Status?.Groups ?? []).Select(static group => group.Name).Where(name => !wanted.Contains(name));
    }
}
