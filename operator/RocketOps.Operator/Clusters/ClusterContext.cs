using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters;

/// <summary>All that the wanted state of a cluster follows from: the object, the operator's defaults and who is what in each group. No clock, no I/O.</summary>
internal sealed class ClusterContext
{
    public ClusterContext(BrokerCluster cluster, OperatorImages images, IGroupLeadership leadership)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(leadership);
        Cluster = cluster;
        Images = images;
        Leadership = leadership;
        Names = new ClusterNames(
            cluster.Metadata.Name ?? throw new ArgumentException("The cluster has no name.", nameof(cluster)),
            cluster.Metadata.Namespace ?? throw new ArgumentException("The cluster has no namespace.", nameof(cluster)));
    }

    public BrokerCluster Cluster { get; }

    public BrokerClusterSpec Spec => Cluster.Spec;

    public OperatorImages Images { get; }

    public IGroupLeadership Leadership { get; }

    public ClusterNames Names { get; }

    public IEnumerable<string> Groups => Enumerable.Range(0, Spec.Brokers.Groups).Select(Names.Group);
}
