using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Clusters.Revisions;

namespace RocketOps.Operator.Clusters.Context;

/// <summary>
/// Values of a group's existing StatefulSet that bear on what is wanted next: each is kept until something else is asked for.
/// </summary>
/// <param name="Members">Members that the operator has given it; null without a set.</param>
/// <param name="Revision">What it notes of its template.</param>
/// <param name="IsSpread">Its pods keep away from others' by some rule.</param>
/// <param name="LooksForClosure">Its brokers look at their start whether the group is new.</param>
/// <param name="RestartMark">The last wish of <see cref="ClusterAnnotations.RestartAt"/> that its pods were made for; null when there was none.</param>
/// <param name="IsMarked">It is on its way out, or back.</param>
/// <param name="ClaimSize">Size of the claims that it makes; null when it makes none.</param>
/// <param name="StoreSize">Size of the volumes that its stores were made for; null as before.</param>
internal sealed record KnownSet(int? Members, GroupRevision Revision, bool IsSpread, bool LooksForClosure, string? RestartMark, bool IsMarked, Quantity? ClaimSize, Quantity? StoreSize)
{
    /// <summary>There is no set.</summary>
    public static readonly KnownSet None = new(null, GroupRevision.None, true, true, null, false, null, null);

    public static KnownSet Of(StatefulSet set, GroupRevision revision)
    {
        ArgumentNullException.ThrowIfNull(set);
        Quantity? claim = ClaimTemplate.SizeOf(set);
        return new KnownSet(
            WantedMembers.Of(set),
            revision,
            set.Spec?.Template?.Spec?.Affinity is not null,
            GroupClosure.IsIn(set),
            RocketOps.Operator.Clusters.Marks.RestartMark.Of(set),
            GroupMark.IsOn(set),
            claim,
            claim is null ? null : ClaimTemplate.StoreSizeOf(set) ?? claim);
    }
}
