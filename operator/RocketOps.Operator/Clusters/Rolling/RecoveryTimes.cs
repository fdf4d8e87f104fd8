using System.Collections.Concurrent;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>
/// Which members may be coming up by themselves: their program runs and does not serve yet, as while it reads again what a crash left of its store, and has not been seen so for longer than that takes. By this process's
/// clock; forgotten with the process. Thread-safe.
/// </summary>
internal sealed class RecoveryTimes(OperatorOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, IReadOnlyDictionary<string, long>> _seen = new();

    /// <summary>The groups with <see cref="MemberState.Recovering"/>.</summary>
    public IReadOnlyList<GroupView> Measure(ObjectKey cluster, ClusterObservation observation, IReadOnlyList<GroupView> groups)
    {
        IReadOnlyDictionary<string, long>? before = _seen.GetValueOrDefault(cluster);
        long now = time.GetTimestamp();
        Dictionary<string, long> seen = new(StringComparer.Ordinal);
        foreach (MemberState member in groups.SelectMany(static group => group.Members).Where(member => member is { Uid: not null, Ready: false } && Runs(observation.Pod(member.Pod))))
        {
            seen[member.Uid!] = before is not null && before.TryGetValue(member.Uid!, out long since) ? since : now;
        }

        _seen[cluster] = seen;
        return
        [
            .. groups.Select(group => group with
            {
                Members = [.. group.Members.Select(member => member is { Uid: { } uid, Ready: false } && seen.TryGetValue(uid, out long since) && time.GetElapsedTime(since, now) < options.RecoveryGrace ? member with { Recovering = true } : member)],
            }),
        ];
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _seen.TryRemove(cluster, out _);

    /// <summary>A program that crashes again and again runs too in between, and brings nothing about.</summary>
    private static bool Runs(Pod? pod) =>
        pod?.Status?.ContainerStatuses?.Find(static container => !container.Ready) is { State.Running: not null } && !PodTrouble.IsFailing(pod);
}
