using System.Collections.Concurrent;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>
/// Times since which members serve, by this process's clock: what a pod says is by the clock of its node, and a node that is a minute
/// behind would void the pause between masters, or make it longer. Whoever served when this process began is believed as far as clocks are
/// never wrong. Thread-safe.
/// </summary>
internal sealed class ServingTimes(TimeProvider time)
{
    /// <summary>Largest difference of clocks that is allowed for; with a larger one a cluster has other worries.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<ObjectKey, IReadOnlyDictionary<(string Uid, DateTimeOffset? Ready), long>> _seen = new();

    /// <summary>The groups with <see cref="MemberPod.ReadySince"/> by this process's clock.</summary>
    public IReadOnlyList<ObservedGroup> Measure(ObjectKey cluster, IReadOnlyList<ObservedGroup> groups)
    {
        IReadOnlyDictionary<(string Uid, DateTimeOffset? Ready), long>? before = _seen.GetValueOrDefault(cluster);
        long now = time.GetTimestamp();
        Dictionary<(string Uid, DateTimeOffset? Ready), long> seen = [];
        IEnumerable<MemberPod> pods = groups.SelectMany(static group => group.Members).Select(static member => member.Live);
        foreach (MemberPod pod in pods.Where(static pod => pod is { Uid: not null, Ready: true }))
        {
            (string Uid, DateTimeOffset? Ready) incarnation = (pod.Uid!, pod.ReadySince);
            seen[incarnation] = before is not null && before.TryGetValue(incarnation, out long since) ? since : now;
        }

        _seen[cluster] = seen;
        return
        [
            .. groups.Select(group => group with
            {
                Members = [.. group.Members.Select(member => member with { Live = Measure(member.Live) })],
            }),
        ];

        MemberPod Measure(MemberPod pod) =>
            pod is { Uid: { } uid, Ready: true } ? pod with { ReadySince = Since(pod.ReadySince, seen[(uid, pod.ReadySince)]) } : pod;
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _seen.TryRemove(cluster, out _);

    private DateTimeOffset Since(DateTimeOffset? told, long seen)
    {
        DateTimeOffset here = time.GetUtcNow() - time.GetElapsedTime(seen);
        return told + Skew is { } certain && certain < here ? certain : here;
    }
}
