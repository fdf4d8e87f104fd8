using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters;

/// <summary>All that the wanted state of a cluster follows from: the object and the operator's defaults. No clock, no I/O.</summary>
internal sealed class ClusterContext
{
    public ClusterContext(BrokerCluster cluster, OperatorImages images)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(images);
        Cluster = cluster;
        Images = images;
        Names = new ClusterNames(
            cluster.Metadata.Name ?? throw new ArgumentException("The cluster has no name.", nameof(cluster)),
            cluster.Metadata.Namespace ?? throw new ArgumentException("The cluster has no namespace.", nameof(cluster)));
    }

    public BrokerCluster Cluster { get; }

    public BrokerClusterSpec Spec => Cluster.Spec;

    public OperatorImages Images { get; }

    public ClusterNames Names { get; }

    public IEnumerable<string> Groups => Enumerable.Range(0, Spec.Brokers.Groups).Select(Names.Group);
}
