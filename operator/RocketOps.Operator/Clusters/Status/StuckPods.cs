using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>
/// Pods of the current templates that do not start, and that waiting does not help: somebody has to change something, whether they are the first ones of a restart, the last one, or of a cluster that is new.
/// Those of older templates do not count: they are replaced.
/// </summary>
internal static class StuckPods
{
    /// <summary>
    /// Returns the problem that a person has to solve; null while no pod is stuck, and while what was asked for since waits for the end of
    /// a pause, which may be the repair: of the cluster, or of restarts alone.
    /// </summary>
    public static Problem? Find(ClusterContext context, ClusterFindings findings)
    {
        if (findings.Paused && context.Cluster.Status?.ObservedGeneration != context.Cluster.Metadata.Generation)
        {
            return null;
        }

        // What has failed stays so, whatever runs instead meanwhile.
        string[] failed = context.Revisions.Failures(context.Notes, findings.Observation.Sets);
        bool repairsWait = findings.Pause is { Restarts: true } && failed.Length == 0;
        ObservedMember[] brokers =
        [
            .. findings.Groups.Where(group => group.Observed && !(repairsWait && context.Revisions.IsPending(context.Notes, group.Set))).SelectMany(group => Members(context, findings.Observation, group)),
        ];
        Pod[] nameServers = NameServerWords.Stuck(findings.Observation, WereStuck(context));
        string[] brokerWords = [.. brokers.Select(member => PodWords.WithTrouble(member, findings))];
        string[] nameServerWords = [.. nameServers.Select(PodWords.WithTrouble)];
        bool brokersRoll = failed.Length == 0 && (context.Revisions.Waits(context.Notes, findings.Observation.Sets) || findings.Groups.Any(static group => group.Outdated.Any()));
        bool nameServersRoll = findings.Observation.NameServersRolling;
        string silent = Degradation.IsOf(context, findings, brokers, nameServers) ? GroupFaults.WithoutMaster(findings.Groups) : "";
        return Problem.Join(
        [
            findings.Refused.Problem,
            Rollout("broker", [.. failed, .. brokersRoll ? brokerWords : []]),
            nameServersRoll ? Rollout("name server", nameServerWords) : null,
            Failing(silent, [.. brokersRoll ? [] : brokerWords, .. nameServersRoll ? [] : nameServerWords]),
        ]);
    }

    /// <summary>The pods of a group's present template that do not start, and why.</summary>
    public static string[] Of(ClusterContext context, ClusterObservation observation, ObservedGroup group) =>
        [.. Members(context, observation, group).Select(member => PodWords.WithTrouble(member, observation))];

    private static IEnumerable<ObservedMember> Members(ClusterContext context, ClusterObservation observation, ObservedGroup group)
    {
        bool known = WereStuck(context);
        return group.Members.Where(member =>
            member is { Settled: false, Live: { Uid: not null, Outdated: false } }
            && PodTrouble.IsStuck(observation.Pod(member.Pod), known && IsSame(member, context.Cluster.Status)));
    }

    /// <summary>
    /// Returns true when the last pass told of stuck pods of the current spec. The kubelet calls one failure by several names in turn,
    /// and whoever waits for the cluster must not see it change its mind as often. Kept in the status, so that another operator knows it
    /// too.
    /// </summary>
    private static bool WereStuck(ClusterContext context) =>
        Conditions.Find(context.Cluster.Status?.Conditions, ConditionTypes.Stalled) is { Status: ConditionStatus.True, Reason: Reasons.RolloutFailing or Reasons.PodsFailing } stalled
        && stalled.ObservedGeneration == context.Cluster.Metadata.Generation;

    /// <summary>Returns true when the last status tells of this very pod: one that was made anew gets its own first try.</summary>
    private static bool IsSame(ObservedMember member, BrokerClusterStatus? last) =>
        last?.Groups?.Find(group => group.Name == member.Group)
            ?.Members?.Find(known => known.Name == member.Pod)?.PodUid == member.Live.Uid;

    private static Problem? Rollout(string program, string[] pods) => pods.Length == 0
        ? null
        : new Problem(
            Reasons.RolloutFailing,
            $"The current configuration, image or resources do not start a {program}: {PodWords.List(pods, "; ")}. The other pods keep what they have; change what was asked for, or set it back.");

    private static Problem? Failing(string silent, string[] pods) => pods.Length == 0
        ? null
        : new Problem(
            Reasons.PodsFailing,
            $"{silent}{PodWords.List(pods, "; ")}. Waiting does not help: change the configuration, image or resources that were asked for, or see to what else keeps {(pods.Length == 1 ? "it" : "them")} from starting.");
}
