using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Marks;

/// <summary>Template from which a set makes the claims of its members.</summary>
internal static class ClaimTemplate
{
    /// <summary>
    /// Annotation of a set whose claims have grown: the size its stores were made for. Lengths of a store's files follow that, are alike in
    /// all members, and stand in the configuration, which a larger volume is no reason to change.
    /// </summary>
    public const string StoreSize = "rocketops.io/store-size";

    public static Quantity? StoreSizeOf(StatefulSet set) => Quantity.TryParse(set.Annotation(StoreSize), out Quantity? size) ? size : SizeOf(set);

    public static PersistentVolumeClaimSpec? Of(StatefulSet set) => set.Spec?.VolumeClaimTemplates?.Find(static template => template.Name() == ClusterNames.DataVolume)?.Spec;

    public static Quantity? SizeOf(StatefulSet set) => Of(set) is { } claim ? SizeOf(claim) : null;

    public static Quantity? SizeOf(PersistentVolumeClaimSpec claim) => claim.Resources?.Requests?.GetValueOrDefault("storage");
}
