using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Scaling;

/// <summary>
/// Decides which member leaves next when groups have more than asked for: the last one of its set, one of the whole cluster at a time, and only while those that stay hold all
/// that the group has acknowledged: each of them everything that the master, and the one that leaves, had when they were looked at first. Whoever leaves is never a master; in a group that elects its master it hands over first (<see cref="ElectedScaleIn"/>). Its own health is no condition: it may be what somebody wants to be rid of.
/// </summary>
internal static class ScaleInPlanner
{
    /// <summary>
    /// Bytes that a slave that follows may lack in one look: messages that are on their way to it while all are asked. It has to have them
    /// in the next.
    /// </summary>
    private const long UnderWayBytes = 1024 * 1024;

    /// <param name="wanted">Members a group is to have.</param>
    /// <param name="groups">The groups as they are, with their members' figures.</param>
    /// <param name="observation">The workloads.</param>
    /// <param name="registrations">What the name servers know.</param>
    /// <param name="noted">Where the log of the group that is to shrink had come to at an earlier look (<see cref="EndOf"/>); null in the first.</param>
    public static ScaleInPlan Next(int wanted, IReadOnlyList<ObservedGroup> groups, ClusterObservation observation, BrokerRegistrations registrations, long? noted = null)
    {
        if (Stopping(groups, observation) is { } stopping)
        {
            return stopping;
        }

        // One that waits for somebody is no reason for the others to.
        if (groups.Where(group => group.Members.Count > wanted).OrderBy(static group => group.IsTroubled).FirstOrDefault() is not { } group)
        {
            return ScaleInPlan.Nothing;
        }

        ObservedMember leaving = group.Members[^1];
        if (group.IsTroubled)
        {
            return new ScaleInPlan(group.Name, leaving.Pod, OperationPhase.Waiting, $"what keeps the objects of {group.Name} from being applied to be removed", leaving);
        }

        if (group.Lease is { } lease)
        {
            return ElectedScaleIn.Next(wanted, group, lease, leaving, registrations);
        }

        string? blocker = Blocker(group, leaving, registrations, noted);
        return new ScaleInPlan(group.Name, leaving.Pod, blocker is null ? OperationPhase.Removing : OperationPhase.Waiting, blocker, leaving);
    }

    /// <summary>Returns the end of a group's log, by its master and by its last member; null when neither says.</summary>
    public static long? EndOf(ObservedGroup group) => new[] { group.Master?.Says.LogEnd, group.Members[^1].Says.LogEnd }.Max();

    /// <summary>A pod that its set has let go and that has not ended: nobody else leaves meanwhile.</summary>
    private static ScaleInPlan? Stopping(IReadOnlyList<ObservedGroup> groups, ClusterObservation observation)
    {
        foreach (ObservedGroup group in groups)
        {
            Pod? pod = observation.Pods
                .Where(pod => group.Set is { } set && pod.ControllerOwner()?.Uid == set.Uid() && group.Members.All(member => member.Pod != pod.Name()))
                .MinBy(static pod => pod.Name(), StringComparer.Ordinal);
            if (pod is not null)
            {
                return new ScaleInPlan(group.Name, pod.Name(), OperationPhase.Stopping, null, null);
            }
        }

        return null;
    }

    private static string? Blocker(ObservedGroup group, ObservedMember leaving, BrokerRegistrations registrations, long? noted)
    {
        if (leaving.Role == BrokerMemberRole.Master || group.Master is not { } master)
        {
            return $"another member of {group.Name} to be its master";
        }

        if (!registrations.Complete)
        {
            return "every name server to answer the operator";
        }

        ObservedMember[] staying = [.. group.Members.Where(member => member != leaving)];
        if (StayingMembers.WaitFor(staying, leaving) is { } reason)
        {
            return reason;
        }

        if (leaving.Says.LogEnd > master.Says.LogEnd)
        {
            return $"{master.Pod} to have what {leaving.Pod} has: its log is shorter. Look at both before one of them goes";
        }

        return Array.Find(staying, member => member.Says.LogEnd < (noted ?? EndOf(group) - UnderWayBytes)) is { } behind
            ? $"{behind.Pod} to have its master's log"
            : null;
    }
}
