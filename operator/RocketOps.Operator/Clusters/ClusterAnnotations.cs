using System.Text;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters;

/// <summary>Annotations by which people tell the operator of a cluster, besides its spec.</summary>
internal static class ClusterAnnotations
{
    /// <summary>Set to <c>true</c>: the operator looks and tells, and changes nothing but the status. More of it: <see cref="ClusterPause"/>.</summary>
    public const string Paused = "rocketops.io/paused";

    /// <summary>
    /// Set to <c>true</c>: the API server refuses to delete the object (by the admission policy that the chart brings), and the operator takes no member and no group away,
    /// and removes nothing from the brokers whose Topic or ConsumerGroup is deleted. <c>false</c> and nothing do not ask for it; whatever else is there does, for somebody wanted something to be kept.
    /// Keep in sync with templates/deletion-protection.yaml of the chart, which decides of the same value.
    /// </summary>
    public const string DeletionProtection = "rocketops.io/deletion-protection";

    /// <summary>Names of groups, separated by commas, that leave although not everything in them was read. Their claims stay.</summary>
    public const string Abandoned = "rocketops.io/abandon-groups";

    /// <summary>Another value than the last one, usually a time, restarts every broker once.</summary>
    public const string RestartAt = "rocketops.io/restart-at";

    // Anybody may write anything there.
    private const int MaxShown = 40;

    /// <summary>
    /// Returns true when both ask for the same where something goes for good: none of these annotations changes the object's generation.
    /// </summary>
    public static bool AgreeOnRemovals(BrokerCluster left, BrokerCluster right) =>
        Array.TrueForAll<string>([Paused, DeletionProtection, Abandoned], name => left.Annotation(name) == right.Annotation(name));

    public static bool IsProtected(BrokerCluster cluster) => cluster.Annotation(DeletionProtection) is { Length: > 0 } value && !Ascii.EqualsIgnoreCase(value, "false");

    /// <summary>
    /// Returns the text for people about a cluster that is protected by something else than <c>true</c>; null of any other.
    /// </summary>
    public static string? ProtectionMistake(BrokerCluster cluster)
    {
        string value = cluster.Annotation(DeletionProtection) ?? "";
        return IsProtected(cluster) && !Ascii.EqualsIgnoreCase(value, "true")
            ? $"The annotation {DeletionProtection} is \"{(value.Length <= MaxShown ? value : value[..MaxShown] + "…")}\", neither true nor false, and counts as true."
            : null;
    }
}
