using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>
/// Finds members that may be coming up by themselves: their program runs and does not serve yet, as while it reads again what a crash left
/// of its store, and has not been seen so for longer than that takes. Thread-safe.
/// </summary>
internal sealed class RecoveryTimes(OperatorOptions options, TimeProvider time)
{
    private readonly PodTimes _times = new(time);

    /// <summary>The groups with <see cref="MemberPod.Recovering"/>.</summary>
    public IReadOnlyList<ObservedGroup> Measure(ObjectKey cluster, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups)
    {
        IEnumerable<ObservedMember> running = groups.SelectMany(static group => group.Members)
            .Where(member => member is { Live: { Uid: not null, Ready: false } } && Runs(observation.Pod(member.Pod)));
        _times.Look(cluster, running.Select(static member => member.Live.Uid!));
        return
        [
            .. groups.Select(group => group with
            {
                Members =
                [
                    .. group.Members.Select(member => _times.Of(cluster, member.Live.Uid) < options.RecoveryGrace
                        ? member with { Live = member.Live with { Recovering = true } }
                        : member),
                ],
            }),
        ];
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _times.Forget(cluster);

    /// <summary>A program that crashes again and again runs too in between, and brings nothing about.</summary>
    private static bool Runs(Pod? pod) =>
        pod?.Status?.ContainerStatuses?.Find(static container => !container.Ready) is { State.Running: not null } && !PodTrouble.IsFailing(pod);
}
