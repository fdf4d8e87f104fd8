using RocketOps.Kubernetes;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters;

/// <summary>What people tell the operator of a cluster besides its spec.</summary>
internal static class ClusterAnnotations
{
    /// <summary>Set to <c>true</c>: the operator looks and tells, and changes nothing but the status.</summary>
    public const string Paused = "rocketops.io/paused";

    /// <summary>
    /// Set to <c>true</c>: the API server refuses to delete the object (by the admission policy that the chart brings), and the operator takes no member away.
    /// </summary>
    public const string DeletionProtection = "rocketops.io/deletion-protection";

    public static bool IsPaused(BrokerCluster cluster) => cluster.Annotation(Paused) == "true";

    public static bool IsProtected(BrokerCluster cluster) => cluster.Annotation(DeletionProtection) == "true";
}
