using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Says of pods that are not ready any more what is wrong with them, and what that costs their groups, most telling first; the same words for every condition.</summary>
internal static class UnreadyPods
{
    /// <param name="findings">What the pass found.</param>
    /// <param name="groups">The groups whose faults count.</param>
    /// <param name="members">The members that are not ready.</param>
    public static IReadOnlyList<Problem> Of(ClusterFindings findings, IReadOnlyList<ObservedGroup> groups, IEnumerable<ObservedMember> members)
    {
        string pods = PodWords.List([.. members.Select(member => PodWords.WithTrouble(member, findings)), .. NameServerWords.Failing(findings.Observation).Select(PodWords.WithTrouble)], "; ") + ".";
        IReadOnlyList<Problem> faults = GroupFaults.Of(groups);
        return faults is [{ Reason: Reasons.MasterMissing }, ..]
            ? [new Problem(Reasons.MasterMissing, GroupFaults.WithoutMaster(groups) + pods), .. faults.Skip(1)]
            : [.. faults, new Problem(Reasons.PodsNotReady, pods)];
    }
}
