using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Marks;

/// <summary>
/// The mark on the StatefulSet of a group that goes. It is there before the group's broker is told to take no more messages, and until it takes them again: so whoever comes back knows what the operator closed, and
/// what somebody closed by hand.
/// </summary>
internal static class GroupMark
{
    public const string Annotation = "rocketops.io/draining";

    public static bool IsOn(StatefulSet? set) => set?.Annotation(Annotation) == "true";
}
