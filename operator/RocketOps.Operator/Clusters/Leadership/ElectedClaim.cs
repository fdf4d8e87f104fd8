using System.Globalization;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Leadership;

/// <summary>
/// The note on a claim that members of a group which elects its master have used it. The claim outlives the cluster's object, and nothing else that does says so: a cluster that is made again without
/// <c>failover: Automatic</c> would give one member of many the master's role, whatever it lacks.
/// </summary>
internal static class ElectedClaim
{
    public const string Annotation = "rocketops.io/failover";

    /// <summary>Annotation with the group's id, as on its Lease; missing where that did not say.</summary>
    public const string GroupIdAnnotation = GroupLease.GroupIdAnnotation;

    /// <summary>
    /// The member has left its group in order: those that stayed had everything, and nobody counts it among the group any more. A claim without it may have what the others lack, also where fewer members are asked for
    /// when the cluster is made again.
    /// </summary>
    public const string LeftAnnotation = "rocketops.io/left-group";

    /// <summary>Returns the ordinal of the member that it belongs to.</summary>
    public static int OrdinalOf(PersistentVolumeClaim claim) => int.Parse(claim.Name().AsSpan(claim.Name().LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture);

    public static bool HasLeft(PersistentVolumeClaim claim) => claim.Annotation(LeftAnnotation) == "true";

    public static bool IsOne(PersistentVolumeClaim claim) => claim.Annotation(Annotation) == nameof(FailoverMode.Automatic);
}
