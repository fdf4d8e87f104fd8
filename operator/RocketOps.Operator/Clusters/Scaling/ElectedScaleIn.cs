using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Scaling;

/// <summary>
/// Time at which a member leaves a group that elects its master: while the Lease says that every one that stays has all that was
/// acknowledged, and after the member has handed over if it leads. The members that the group counts change after it has gone
/// (<see cref="Left"/>).
/// </summary>
internal static class ElectedScaleIn
{
    /// <param name="wanted">Members the group is to have. Of several that leave none is waited for: it may be what somebody wants to be rid of.</param>
    /// <param name="group">The group.</param>
    /// <param name="lease">What it has agreed on.</param>
    /// <param name="leaving">Its last member.</param>
    /// <param name="registrations">What the name servers know.</param>
    public static ScaleInPlan Next(int wanted, ObservedGroup group, GroupLease lease, ObservedMember leaving, BrokerRegistrations registrations)
    {
        if (Blocker(wanted, group, lease, leaving, registrations) is { } blocker)
        {
            return new ScaleInPlan(group.Name, leaving.Pod, OperationPhase.Waiting, blocker, leaving);
        }

        if (leaving.Role != BrokerMemberRole.Master)
        {
            return new ScaleInPlan(group.Name, leaving.Pod, OperationPhase.Removing, null, leaving);
        }

        ObservedMember successor = group.Members[0];
        return new ScaleInPlan(group.Name, leaving.Pod, OperationPhase.Waiting, $"{successor.Pod} to lead instead of it", leaving, successor);
    }

    /// <summary>A member that has left and that the Lease, or others, still count among their group; nothing when there is none.</summary>
    public static ScaleInPlan Left(ClusterContext context, IReadOnlyList<ObservedGroup> groups)
    {
        foreach (ObservedGroup group in context.IsAutomatic ? groups : [])
        {
            int present = group.Members.Count;
            if (group.Set is null || context.IsMarked(group.Name) || present < context.Spec.Brokers.Replicas)
            {
                continue;
            }

            int counted = context.CountedAmong(group.Name);
            if (Math.Max(counted, context.ListsOf(group.Name).Longest ?? 0) > present)
            {
                string pod = ClusterNames.Member(group.Name, present);
                string? waitsFor = counted == present ? null : group.Lease is null ? "there is a Lease that says who has everything" : "the Lease does not name it any more";
                return new ScaleInPlan(group.Name, pod, OperationPhase.Announcing, waitsFor, null);
            }
        }

        return ScaleInPlan.Nothing;
    }

    private static string? Blocker(int wanted, ObservedGroup group, GroupLease lease, ObservedMember leaving, BrokerRegistrations registrations)
    {
        if (group.Master is null)
        {
            return $"a member of {group.Name} to lead";
        }

        if (!registrations.Complete)
        {
            return "every name server to answer the operator";
        }

        if (lease.InSync.FirstOrDefault(pod => group.Members.All(member => member.Pod != pod)) is { } before)
        {
            return $"the Lease not to name {before} any more, which has left";
        }

        ObservedMember[] staying = [.. group.Members.Take(wanted)];
        if (StayingMembers.WaitFor(staying, leaving) is { } reason)
        {
            return reason;
        }

        if (Array.Find(staying, member => !lease.Has(member.Pod)) is { } behind)
        {
            return $"{behind.Pod} to be in sync";
        }

        // What they run with may ask for more copies than stay. A member that does not serve is not waited for: it may be what holds the restarts up.
        return leaving.Settled && Array.Find(staying, static member => member.Live.Outdated) is { } outdated
            ? $"{outdated.Pod} to run with the current configuration"
            : null;
    }
}
