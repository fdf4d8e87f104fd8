using System.Globalization;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Marks;

/// <summary>
/// The note on a group's StatefulSet of how many members the operator has given it. It changes together with the set's <c>replicas</c>, which anybody may scale: what differs from the note was scaled by hand, and is put back
/// instead of becoming what is wanted. A set of before there was a note is taken at its word once.
/// </summary>
internal static class WantedMembers
{
    public const string Annotation = "rocketops.io/members";

    public static int Of(StatefulSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return Noted(set) ?? set.Spec?.Replicas ?? 1;
    }

    /// <summary>Somebody else has scaled the set.</summary>
    public static bool IsScaledByHand(StatefulSet set) => Noted(set) is { } noted && noted != (set.Spec?.Replicas ?? 1);

    private static int? Noted(StatefulSet set) =>
        int.TryParse(set.Annotation(Annotation), NumberStyles.None, CultureInfo.InvariantCulture, out int members) && members is >= 1 and <= BrokersSpec.MaxReplicas ? members : null;
}
