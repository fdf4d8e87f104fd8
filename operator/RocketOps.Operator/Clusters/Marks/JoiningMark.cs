using System.Globalization;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Marks;

/// <summary>
/// The note on the StatefulSet of a group that elects its master: from which ordinal on members are new and were not in sync yet. It comes with them and goes when the Lease names them, so whoever comes back knows a newcomer
/// from a member that fell behind.
/// </summary>
internal static class JoiningMark
{
    public const string Annotation = "rocketops.io/joining-from";

    public static int? Of(StatefulSet? set) =>
        int.TryParse(set?.Annotation(Annotation), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) && ordinal < BrokersSpec.MaxReplicas ? ordinal : null;
}
