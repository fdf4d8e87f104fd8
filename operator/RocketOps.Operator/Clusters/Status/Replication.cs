using System.Numerics;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>
/// The condition Replicated: every slave follows its master. By what slaves say; of groups that elect their master by the copies in sync, as their Lease names them; of others by whether a slave has what its master had some
/// time ago. How much it lacks is told of each member: it changes from look to look.
/// </summary>
internal static class Replication
{
    private const long Mebibyte = 1024 * 1024;

    public static void Add(ConditionList conditions, ClusterContext context, ClusterFindings findings)
    {
        // Whoever has just begun has seen too little: what was told until now stays.
        bool wasBehind = Conditions.Find(context.Cluster.Status?.Conditions, ConditionTypes.Replicated) is { Status: ConditionStatus.False, Reason: Reasons.SlavesBehind };
        string[] behind = [.. findings.Groups.SelectMany(group => Behind(group, wasBehind))];
        string[] unknown = [.. findings.Groups.SelectMany(static group => group.Members.Where(member => IsUnknown(group, member)).Select(static member => member.Pod))];
        if (NotFollowing(findings.Groups) is { } astray)
        {
            conditions.False(ConditionTypes.Replicated, astray.Reason, astray.Message);
        }
        else if (behind.Length > 0)
        {
            conditions.False(ConditionTypes.Replicated, Reasons.SlavesBehind, $"Slaves are behind their master: {PodWords.List(behind)}.{Consequence(context)}");
        }
        else if (unknown.Length > 0)
        {
            conditions.False(ConditionTypes.Replicated, Reasons.SlavesUnknown, $"How far {PodWords.List(unknown)} copied the log is unknown: the slave or its master does not serve.");
        }
        else
        {
            conditions.True(ConditionTypes.Replicated, Reasons.SlavesInSync, "Every slave has its master's log, but for what it is being sent.");
        }
    }

    /// <summary>The slaves that say that they do not follow, with why; null when there is none.</summary>
    public static Problem? NotFollowing(IReadOnlyList<ObservedGroup> groups)
    {
        string[] astray =
        [
            .. groups.SelectMany(static group => group.Members).Where(static member => member.Says.NotFollowing is not null)
                .Select(static member => $"{member.Pod} does not copy its master's log: {member.Says.NotFollowing!.TrimEnd('.')}"),
        ];
        return astray.Length == 0 ? null : new Problem(Reasons.NotFollowing, PodWords.List(astray, "; ") + ".");
    }

    /// <summary>Rounds a lag up to steps, so that the status of a cluster at work is not written anew in every pass.</summary>
    public static long? RoundLag(long? lag) => lag is not { } bytes ? null : bytes < Mebibyte ? 0 : (long)BitOperations.RoundUpToPowerOf2((ulong)bytes);

    /// <summary>
    /// Returns the text about the risk of slaves that are behind; empty with Sync: what was acknowledged is on as many members as were
    /// asked for, and those that are behind are not among them.
    /// </summary>
    private static string Consequence(ClusterContext context) => context.Spec.Replication.Mode == ReplicationMode.Sync
        ? ""
        : " With replication.mode Async a message is acknowledged before slaves have it: what they lack may be on the master alone, and is lost with its disk.";

    private static IEnumerable<string> Behind(ObservedGroup group, bool wasBehind) => group is { IsElected: true, Lease: { } lease }
        ? group.Members.Where(member => member.Settled && IsLed(group) && !lease.Has(member.Pod)).Select(static member => $"{member.Pod} is not among the copies in sync")
        : group.Members.Where(member => member.Says.Behind ?? (wasBehind && group.LagOf(member) > 0))
            .Select(static member => $"{member.Pod} lacks what its master has had for a while");

    /// <summary>A copy that was in sync when its member was lost is counted in the Lease until the master takes it out.</summary>
    private static bool IsUnknown(ObservedGroup group, ObservedMember member) => group.IsElected
        ? member != group.Master && (!member.Settled || !IsLed(group))
        : member.Role == BrokerMemberRole.Slave && group.LagOf(member) is null;

    private static bool IsLed(ObservedGroup group) => group.Leaderless is null && group.Master is { Settled: true };
}
