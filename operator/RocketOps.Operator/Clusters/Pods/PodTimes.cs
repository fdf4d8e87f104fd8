using System.Collections.Concurrent;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Operator.Clusters.Pods;

/// <summary>
/// Times since which pods have been what somebody asks about, look after look. By this process's clock; forgotten with the process.
/// Thread-safe.
/// </summary>
internal sealed class PodTimes(TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, IReadOnlyDictionary<string, long>> _seen = new();

    /// <summary>One look: who is not so any more begins anew the next time.</summary>
    /// <param name="cluster">Whose pods.</param>
    /// <param name="uids">Identities of those that are so.</param>
    public void Look(ObjectKey cluster, IEnumerable<string> uids)
    {
        IReadOnlyDictionary<string, long>? before = _seen.GetValueOrDefault(cluster);
        long now = time.GetTimestamp();
        _seen[cluster] = uids.ToDictionary(static uid => uid, uid => before is not null && before.TryGetValue(uid, out long since) ? since : now, StringComparer.Ordinal);
    }

    /// <summary>Returns the length of time that a pod has been so; null when it was not at the last look.</summary>
    public TimeSpan? Of(ObjectKey cluster, string? uid) =>
        uid is not null && _seen.GetValueOrDefault(cluster)?.TryGetValue(uid, out long since) == true ? time.GetElapsedTime(since) : null;

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _seen.TryRemove(cluster, out _);
}
