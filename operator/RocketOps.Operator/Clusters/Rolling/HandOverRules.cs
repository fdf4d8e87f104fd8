using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>
/// Conditions that groups that elect their master set on a restart: a healthy member goes only while every other one has everything
/// acknowledged, and a master hands over first and goes as the slave it has become. A group that nobody leads has nothing to lose by a
/// restart. One whose master has just ceased to renew its Lease has, or may have: until another member leads, which takes seconds, nobody
/// is told to hand over and nobody goes.
/// </summary>
internal static class HandOverRules
{
    /// <summary>
    /// Returns the member whose place another one has to take before anybody may go; null when somebody leads, or nobody is on the way to.
    /// </summary>
    public static ObservedMember? Lost(ObservedGroup group) => group.Lease is { Expired: true } || group.IsHolderDoubted ? group.Holder : null;

    /// <summary>Returns the member that has to catch up before this one may go; null when none has to.</summary>
    public static ObservedMember? WaitsFor(ObservedGroup group, ObservedMember leaving) =>
        group.Lease is { Holder: not null } lease ? group.Members.FirstOrDefault(member => member.Pod != leaving.Pod && !(member.Settled && lease.Has(member.Pod))) : null;

    /// <summary>
    /// Returns true when a broken member is all that is left of what its group has acknowledged, and may come up by itself: a restart would
    /// begin that anew. One that crashes, cannot be made, or has had its time loses nothing by a restart, as its volume stays, and the new
    /// template may be the repair.
    /// </summary>
    public static bool IsLeftAlone(ObservedGroup group, ObservedMember broken) =>
        broken.Live.Recovering
        && group.Lease is { } lease
        && lease.Has(broken.Pod)
        && !group.Members.Any(other => other.Pod != broken.Pod && other.Settled && lease.Has(other.Pod));

    /// <summary>
    /// Returns the member that is to lead instead of this one; null when this one does not lead, or hands over already. One that is up to
    /// date need not hand over again.
    /// </summary>
    public static ObservedMember? Successor(ObservedGroup group, ObservedMember leaving) => group.Lease is null or { Expired: true } || leaving.Role != BrokerMemberRole.Master
        ? null
        : group.Members.Where(member => member.Pod != leaving.Pod)
            .OrderBy(static member => member.Live.Outdated)
            .ThenBy(static member => member.Ordinal)
            .FirstOrDefault();
}
