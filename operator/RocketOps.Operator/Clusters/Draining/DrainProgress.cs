using System.Collections.Concurrent;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Clusters.Draining;

/// <summary>
/// Remembers since when groups that go have been still: closed, led by the same pod, and with nothing appended to the log. What was found read to its end stays so while that lasts. An operator that comes anew
/// begins anew, which costs time and nothing else. Bounded by the groups that go. Thread-safe.
/// </summary>
internal sealed class DrainProgress
{
    private readonly ConcurrentDictionary<(ObjectKey Cluster, string Group), Stillness> _groups = new();
    private readonly TimeProvider _time;

    public DrainProgress(TimeProvider time) => _time = time;

    /// <summary>Notes what a closed group's master says, and returns what is known since it has said so.</summary>
    public Stillness Note(ObjectKey cluster, string group, string? masterUid, long logEnd)
    {
        Stillness last = _groups.GetOrAdd((cluster, group), _ => new Stillness(masterUid, logEnd, _time.GetTimestamp()));
        if (last.MasterUid == masterUid && last.LogEnd == logEnd)
        {
            return last;
        }

        return _groups[(cluster, group)] = new Stillness(masterUid, logEnd, _time.GetTimestamp());
    }

    /// <summary>Something came in, or could have: what was known is worth nothing.</summary>
    public void Forget(ObjectKey cluster, string group) => _groups.TryRemove((cluster, group), out _);

    /// <summary>Forgets every group of a cluster but these.</summary>
    public void Keep(ObjectKey cluster, IReadOnlyCollection<string> groups)
    {
        foreach ((ObjectKey of, string group) in _groups.Keys.Where(key => key.Cluster == cluster && !groups.Contains(key.Group)))
        {
            Forget(of, group);
        }
    }

    public TimeSpan Since(Stillness stillness) => _time.GetElapsedTime(stillness.Since);
}

/// <summary>A group that has been still.</summary>
/// <param name="MasterUid">The pod that leads it.</param>
/// <param name="LogEnd">Bytes its log has come to.</param>
/// <param name="Since">By the operator's own clock.</param>
internal sealed record Stillness(string? MasterUid, long LogEnd, long Since)
{
    /// <summary>Topics in their order up to this one, itself included, have been read to their ends; null: none yet. Used by one pass at a time.</summary>
    public string? ReadTo { get; set; }

    /// <summary>
    /// Groups that have read the next topic after that to its end: a look that takes longer than a pass may goes on where the last one
    /// ended.
    /// </summary>
    public DrainLook Look { get; } = new();
}
