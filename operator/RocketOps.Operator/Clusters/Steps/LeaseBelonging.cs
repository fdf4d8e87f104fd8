using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Tells to whom the Lease with a group's name belongs, as somebody's leader election may use that name too. Members know nothing of the cluster's object: a Lease that they make, or make again after somebody deleted it,
/// has neither owner nor labels, and is known by whom it names. One of an earlier cluster of this name is this one's.
/// </summary>
internal static class LeaseBelonging
{
    /// <summary>It goes with the cluster, and the watch, which goes by the labels, shows it.</summary>
    public static bool IsMarked(ClusterContext context, Lease lease) =>
        IsOwned(context, lease) && lease.Label(ClusterLabels.Cluster) == context.Names.Cluster && lease.Label(ClusterLabels.Group) == lease.Name();

    /// <summary>Why a Lease is somebody else's and must be left alone, for people; null of a group's own.</summary>
    public static string? ForeignBecause(ClusterContext context, Lease lease)
    {
        string? why = Other(context, lease) is { } other ? $"belongs to {other}"
            : IsOwned(context, lease) || IsOfMembers(lease) ? null
            : "was not made by a member of that group";
        return why is null ? null : $"Lease {lease.Name()} is needed by group {lease.Name()} of {context.Names.Cluster} but {why}. Remove or rename one of them.";
    }

    private static bool IsOwned(ClusterContext context, Lease lease) => (lease.Metadata.OwnerReferences ?? []).Exists(owner => owner.Uid == context.Cluster.Uid());

    private static string? Other(ClusterContext context, Lease lease) =>
        (lease.Metadata.OwnerReferences ?? []).Find(owner => owner.Kind == BrokerCluster.KindName ? owner.Name != context.Names.Cluster : owner.Controller == true) is { } owner ? $"{owner.Kind} {owner.Name}"
        : lease.Label(ClusterLabels.Cluster) is { } cluster && cluster != context.Names.Cluster ? $"{BrokerCluster.KindName} {cluster}"
        : null;

    /// <summary>With the first word, members note the copies in sync, which are theirs: another group's Lease, copied to this name, names that group's.</summary>
    private static bool IsOfMembers(Lease lease) => GroupLease.Of(lease).InSync.Any(pod => ClusterNames.OrdinalOf(lease.Name(), pod) is not null);
}
