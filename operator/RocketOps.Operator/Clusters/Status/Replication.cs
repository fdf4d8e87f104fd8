using System.Numerics;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>
/// The condition Replicated: every slave follows its master. By what slaves say; of groups that elect their master by the copies in sync, as their Lease names them; of others by how much of the master's log a slave lacks.
/// </summary>
internal static class Replication
{
    private const long Mebibyte = 1024 * 1024;

    // A broker's own measure of a slave that is not in sync (haMaxGapNotInSync).
    private const long FarBehindBytes = 256 * Mebibyte;

    public static void Add(ConditionList conditions, ClusterFindings findings)
    {
        string[] behind = [.. findings.Groups.SelectMany(Behind)];
        string[] unknown = [.. findings.Groups.SelectMany(static group => group.Members.Where(member => IsUnknown(group, member)).Select(static member => member.Pod))];
        if (NotFollowing(findings.Groups) is { } astray)
        {
            conditions.False(ConditionTypes.Replicated, astray.Reason, astray.Message);
        }
        else if (behind.Length > 0)
        {
            conditions.False(ConditionTypes.Replicated, Reasons.SlavesBehind, $"Slaves are behind their master: {PodWords.List(behind)}. Messages that were acknowledged may be on the master alone.");
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
    public static Problem? NotFollowing(IReadOnlyList<GroupView> groups)
    {
        string[] astray = [.. groups.SelectMany(static group => group.Members).Where(static member => member.NotFollowing is not null).Select(static member => $"{member.Pod} does not copy its master's log: {member.NotFollowing!.TrimEnd('.')}")];
        return astray.Length == 0 ? null : new Problem(Reasons.NotFollowing, PodWords.List(astray, "; ") + ".");
    }

    /// <summary>In steps, so that the status of a cluster at work is not written anew in every pass.</summary>
    public static long? RoundLag(long? lag) => lag is not { } bytes ? null : bytes < Mebibyte ? 0 : (long)BitOperations.RoundUpToPowerOf2((ulong)bytes);

    private static IEnumerable<string> Behind(GroupView group) => group is { IsElected: true, Lease: { } lease }
        ? group.Members.Where(member => member.Settled && IsLed(group) && !lease.Has(member.Pod)).Select(static member => $"{member.Pod} is not among the copies in sync")
        : group.Members.Where(member => group.LagOf(member) >= FarBehindBytes).Select(member => $"{member.Pod} by more than {RoundLag(group.LagOf(member)) / 2 / Mebibyte} MiB");

    /// <summary>A copy that was in sync when its member was lost is counted in the Lease until the master takes it out.</summary>
    private static bool IsUnknown(GroupView group, MemberState member) => group.IsElected
        ? member != group.Master && (!member.Settled || !IsLed(group))
        : member.Role == BrokerMemberRole.Slave && group.LagOf(member) is null;

    private static bool IsLed(GroupView group) => group.Leaderless is null && group.Master is { Settled: true };
}
