using RocketOps.Kubernetes;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters;

/// <summary>What people tell the operator of a cluster besides its spec.</summary>
internal static class ClusterAnnotations
{
    /// <summary>Set to <c>true</c>: the operator looks and tells, and changes nothing but the status. More of it: <see cref="ClusterPause"/>.</summary>
    public const string Paused = "rocketops.io/paused";

    /// <summary>
    /// Set to <c>true</c>: the API server refuses to delete the object (by the admission policy that the chart brings), and the operator takes no member and no group away,
    /// and removes nothing from the brokers whose Topic or ConsumerGroup is deleted.
    /// </summary>
    public const string DeletionProtection = "rocketops.io/deletion-protection";

    /// <summary>Names of groups, separated by commas, that leave although not everything in them was read. Their claims stay.</summary>
    public const string Abandoned = "rocketops.io/abandon-groups";

    /// <summary>Another value than the last one, usually a time, restarts every broker once.</summary>
    public const string RestartAt = "rocketops.io/restart-at";

    public static bool IsProtected(BrokerCluster cluster) => cluster.Annotation(DeletionProtection) == "true";
}
