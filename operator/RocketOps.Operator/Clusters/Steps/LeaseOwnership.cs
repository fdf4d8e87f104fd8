using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Tells the Lease of a group from another that only has its name, which somebody's leader election may use. Members know nothing of the cluster's object, so theirs is known by what they write into it; one of an
/// earlier cluster of this name is this one's.
/// </summary>
internal static class LeaseOwnership
{
    public static bool IsOwned(ClusterContext context, Lease lease) => (lease.Metadata.OwnerReferences ?? []).Exists(owner => owner.Uid == context.Cluster.Uid());

    /// <summary>Why a Lease is somebody else's and must be left alone, for people; null of a group's own.</summary>
    public static string? ForeignBecause(ClusterContext context, Lease lease)
    {
        OwnerReference? other = (lease.Metadata.OwnerReferences ?? []).Find(owner =>
            owner.Kind == BrokerCluster.KindName ? owner.Name != context.Names.Cluster : owner.Controller == true);
        string? why = other is not null ? $"belongs to {other.Kind} {other.Name}"
            : GroupLease.IsOfMembers(lease) ? null
            : "was not made by a member of that group";
        return why is null ? null : $"Lease {lease.Name()} is needed by group {lease.Name()} of {context.Names.Cluster} but {why}. Remove or rename one of them.";
    }
}
