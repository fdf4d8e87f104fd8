using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Tells to whom the Lease with a group's name belongs, as somebody's leader election may use that name too. Members know nothing of the cluster's object: a Lease that they make, or make again after somebody deleted it,
/// has neither owner nor labels, and is known by whom it names. One that the cluster owns and that names members of the group is the group's whatever somebody has written on it since. One that another object of the
/// cluster's name owns is the group's when it is of the group whose stores are here: its cluster was deleted and made again. Otherwise it was copied from another namespace, or its stores are gone, and it goes with its owner.
/// </summary>
internal static class LeaseBelonging
{
    /// <summary>It goes with the cluster, and the watch, which goes by the labels, shows it.</summary>
    public static bool IsMarked(ClusterContext context, Lease lease) =>
        IsOwned(context, lease) && !HasNamesake(context, lease) && Other(context, lease) is null && lease.Label(ClusterLabels.Cluster) == context.Names.Cluster && lease.Label(ClusterLabels.Group) == lease.Name();

    /// <summary>
    /// Returns the reason why a Lease is not the group's and must be left alone: what a person has to change, or what goes by itself; null
    /// for a group's own.
    /// </summary>
    /// <param name="context">The cluster.</param>
    /// <param name="lease">The Lease with the group's name.</param>
    /// <param name="hasStores">Whether the stores here are those of the group with this id.</param>
    public static Problem? WhyForeign(ClusterContext context, Lease lease, Func<string, bool> hasStores)
    {
        bool ofMembers = IsOfMembers(lease);
        bool owned = IsOwned(context, lease);
        if (owned && ofMembers)
        {
            return null;
        }

        string? why = Other(context, lease) is { } other ? $"belongs to {other}"
            : owned || ofMembers ? null
            : "was not made by a member of that group";
        return why is not null ? new Problem(Reasons.ResourceConflict, $"Lease {lease.Name()} is needed by group {lease.Name()} of {context.Names.Cluster} but {why}. Remove or rename one of them.")
            : !owned && HasNamesake(context, lease) && !(GroupLease.Of(lease).GroupId is { } id && hasStores(id))
                ? new Problem(
                    Reasons.Updating,
                    $"Lease {lease.Name()} belongs to another {BrokerCluster.KindName} {context.Names.Cluster} than this one, which was deleted, or which it was copied from; waiting until it is gone. Kubernetes removes what has no owner here; delete it if it stays.")
            : null;
    }

    private static bool IsOwned(ClusterContext context, Lease lease) => Owners(lease).Exists(owner => owner.Uid == context.Cluster.Uid());

    /// <summary>Its owner has the cluster's name and is another object.</summary>
    private static bool HasNamesake(ClusterContext context, Lease lease) =>
        Owners(lease).Exists(owner => owner.Kind == BrokerCluster.KindName && owner.Name == context.Names.Cluster && owner.Uid != context.Cluster.Uid());

    private static string? Other(ClusterContext context, Lease lease) =>
        Owners(lease).Find(owner => owner.Kind == BrokerCluster.KindName ? owner.Name != context.Names.Cluster : owner.Controller == true) is { } owner ? $"{owner.Kind} {owner.Name}"
        : lease.Label(ClusterLabels.Cluster) is { } cluster && cluster != context.Names.Cluster ? $"{BrokerCluster.KindName} {cluster}"
        : null;

    private static List<OwnerReference> Owners(Lease lease) => lease.Metadata.OwnerReferences ?? [];

    /// <summary>
    /// Returns true when the members wrote the Lease: with the first word they note the copies in sync, which are theirs. Another group's
    /// Lease, copied to this name, names that group's.
    /// </summary>
    private static bool IsOfMembers(Lease lease) => GroupLease.Of(lease).InSync.Any(pod => ClusterNames.OrdinalOf(lease.Name(), pod) is not null);
}
