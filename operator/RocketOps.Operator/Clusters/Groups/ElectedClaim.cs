using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>
/// The note on a claim that members of a group which elects its master have used it. The claim outlives the cluster's object, and nothing else that does says so: a cluster that is made again without
/// <c>failover: Automatic</c> would give one member of many the master's role, whatever it lacks.
/// </summary>
internal static class ElectedClaim
{
    public const string Annotation = "rocketops.io/failover";

    /// <summary>As on the group's Lease; missing where that did not say.</summary>
    public const string GroupIdAnnotation = GroupLease.GroupIdAnnotation;

    public static bool IsOne(PersistentVolumeClaim claim) => claim.Annotation(Annotation) == nameof(Entities.FailoverMode.Automatic);
}
