using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Revisions.Planning;

/// <summary>
/// Finds the pods that a template does not start: those that are stuck, those that cannot be made, and those that have waited for longer than an autoscaler takes to bring a node, or run for as long without becoming ready.
/// A store that is read again after a crash is given the time it takes, up to the limit of the startup probe. A webhook that does not answer lets nobody make a pod, of whatever template. Thread-safe.
/// </summary>
internal sealed class FailedStarts(OperatorOptions options, TimeProvider time)
{
    private readonly PodTimes _times = new(time);

    /// <summary>One look at the pods that wait, once a pass.</summary>
    public void Look(ObjectKey cluster, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups) =>
        _times.Look(
            cluster,
            groups.SelectMany(static group => group.Members)
                .Where(member => IsOfTemplate(member) && PodTrouble.IsLate(observation.Pod(member.Pod)))
                .Select(static member => member.Live.Uid!));

    /// <summary>The pods of a group's present template that do not start, and why.</summary>
    /// <param name="context">The cluster.</param>
    /// <param name="observation">Its pods.</param>
    /// <param name="group">The group.</param>
    /// <param name="refused">The pods that cannot be made.</param>
    public string[] Of(ClusterContext context, ClusterObservation observation, ObservedGroup group, RefusedPods refused) =>
    [
        .. StuckPods.Of(context, observation, group),
        .. group.Members.Where(static member => member.Live.Uid is null)
            .Select(member => refused.Brokers.TryGetValue(member.Pod, out RefusedPod? pod) && pod.IsDecision
                ? $"{member.Pod}: the API server refuses it: {pod.Words.TrimEnd('.')}"
                : null)
            .OfType<string>(),
        .. group.Members.Where(member => IsOfTemplate(member) && _times.Of(context.Cluster.Key(), member.Live.Uid) >= options.RecoveryGrace)
            .Select(member => $"{PodWords.WithTrouble(member, observation)}, for {options.RecoveryGrace.TotalMinutes:0} minutes"),
    ];

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _times.Forget(cluster);

    private static bool IsOfTemplate(ObservedMember member) =>
        member is { Settled: false, Live: { Uid: not null, Terminating: false, Outdated: false } };
}
