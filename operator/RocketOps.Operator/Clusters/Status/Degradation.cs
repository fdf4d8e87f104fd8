using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>
/// The condition Degraded: something that has run does not. What comes up for the first time does not count, nor what the operator restarts, unless that fails instead of starting; nor what a planned change of master
/// takes. A disk or a store that cannot be written counts from its first moment on, and with pods that do not serve any more all that they cost their groups. Unknown while nobody can tell who leads a group.
/// </summary>
internal static class Degradation
{
    public static void Add(ConditionList conditions, ClusterContext context, ClusterFindings findings)
    {
        ObservedMember[] broken = findings.Members.Where(static member => !member.Settled).ToArray();
        Pod[] nameServers = NameServerWords.Failing(findings.Observation);
        Problem[] faults = [.. Faults(context, findings, broken, nameServers)];
        if (Problem.Join(faults) is { } all)
        {
            conditions.True(ConditionTypes.Degraded, all.Reason, all.Message);
        }
        else if (HasRun(context) && !IsRestarting(context, findings) && GroupFaults.Of(findings.Groups.Where(static group => group.IsLeadUnknown)) is [{ } unknown, ..])
        {
            conditions.Unknown(ConditionTypes.Degraded, unknown.Reason, unknown.Message);
        }
        else if (broken.Length == 0 && nameServers.Length == 0 && (HasRun(context) || IsWell(findings)))
        {
            conditions.False(ConditionTypes.Degraded, Reasons.AsExpected, "");
        }
        else
        {
            conditions.False(ConditionTypes.Degraded, IsRestarting(context, findings) ? Reasons.RollingUpdate : Reasons.PodsStarting, "");
        }
    }

    /// <summary>Returns true when something that is not well has run before, or fails in its restart.</summary>
    public static bool IsOf(ClusterContext context, ClusterFindings findings, ObservedMember[] broken, Pod[] nameServers)
    {
        if (IsRestarting(context, findings))
        {
            return nameServers.Length > 0 || Array.Exists(broken, member => IsFailing(findings, member));
        }

        Condition? last = Last(context);
        return last?.Status == ConditionStatus.True
            || (nameServers.Length > 0 && last?.Reason == Reasons.AsExpected)
            || Array.Exists(broken, member => WasReady(member, context.Cluster.Status));
    }

    /// <summary>All that has run and does not, what concerns most clients first.</summary>
    private static IEnumerable<Problem> Faults(ClusterContext context, ClusterFindings findings, ObservedMember[] broken, Pod[] nameServers)
    {
        bool hasRun = HasRun(context);
        bool isRestarting = IsRestarting(context, findings);
        ObservedGroup[] faulty = [.. findings.Groups.Where(group => Counts(group, findings, hasRun, isRestarting))];
        if ((broken.Length > 0 || nameServers.Length > 0) && IsOf(context, findings, broken, nameServers))
        {
            // What a group lacks with its pods is no planned change, and needs no second look.
            foreach (Problem fault in UnreadyPods.Of(findings, [.. findings.Groups.Where(group => faulty.Contains(group) || Lacks(group, findings, isRestarting))], broken))
            {
                yield return fault;
            }

            // Told of above, but for why nobody leads instead.
            faulty = [.. faulty.Where(static group => group.Leaderless is not null)];
        }

        foreach (Problem fault in GroupFaults.Of(faulty))
        {
            yield return fault;
        }

        // Without a master there is nobody to follow, which is told above.
        if (hasRun && Replication.NotFollowing([.. findings.Groups.Where(static group => group.Serves)]) is { } astray)
        {
            yield return astray;
        }

        if (findings.Groups.FirstOrDefault(static group => group.ServesWithoutLease) is { } isolated)
        {
            yield return new Problem(
                Reasons.LeaseNotRenewed,
                $"{isolated.Lease!.Holder} leads {isolated.Name} and does not renew its Lease: it takes messages for as long as every copy in sync follows it, and no other member can lead. Look whether its node reaches the API server.");
        }

        if (hasRun && findings.NameServersSilent)
        {
            yield return NameServerWords.Silent(context, findings.Registrations);
        }
    }

    /// <summary>A master whose pod does not serve is told with the pods, and one that is not registered yet is waited for.</summary>
    private static bool Counts(ObservedGroup group, ClusterFindings findings, bool hasRun, bool isRestarting) => group.Fault switch
    {
        Reasons.DiskFull or Reasons.StoreFailed => true,
        Reasons.MasterMissing => hasRun && group.FaultLasts && group.Leaderless is not null,

        // Copies are missing while the operator restarts their members.
        Reasons.InSyncShort when isRestarting => group.FaultLasts && group.Members.All(member => member.Settled || PodTrouble.IsFailing(findings.Observation.Pod(member.Pod))),

        // Nobody knows whether there is a fault.
        Reasons.ApiUnavailable => false,
        _ => hasRun && group.FaultLasts,
    };

    private static bool IsWell(ClusterFindings findings) => findings.Registrations.Known && findings.Groups.All(static group => group.TakesMessages);

    /// <summary>Pods of the group that have run are away: not one that is new or leaves, nor one that the operator restarts, unless that fails.</summary>
    private static bool Lacks(ObservedGroup group, ClusterFindings findings, bool isRestarting) =>
        !group.IsLeadUnknown && (isRestarting ? group.Members.Any(member => IsFailing(findings, member)) : !group.IsClosed && group.Members.Any(static member => !member.Settled));

    private static bool IsFailing(ClusterFindings findings, ObservedMember member) => !member.Settled && (findings.Refused.Brokers.ContainsKey(member.Pod) || PodTrouble.IsFailing(findings.Observation.Pod(member.Pod)));

    /// <summary>All of the cluster has been well once, or is restarted. The status of a cluster that comes up says that pods start until it is.</summary>
    private static bool HasRun(ClusterContext context) => Last(context) is { Status: not ConditionStatus.False } or { Reason: Reasons.AsExpected or Reasons.RollingUpdate };

    /// <summary>The last pod of a restart is up to date before it is ready: the restart goes on until it is.</summary>
    private static bool IsRestarting(ClusterContext context, ClusterFindings findings) =>
        findings.Operations.Roll is { InProgress: true, Hold: null }
        || context.Revisions.Waits(context.Notes, findings.Observation.Sets)
        || Last(context)?.Reason == Reasons.RollingUpdate;

    private static Condition? Last(ClusterContext context) => Conditions.Find(context.Cluster.Status?.Conditions, ConditionTypes.Degraded);

    private static bool WasReady(ObservedMember member, BrokerClusterStatus? last) =>
        last?.Groups?.Find(group => group.Name == member.Group)?.Members?.Find(known => known.Name == member.Pod)?.Ready == true;
}
