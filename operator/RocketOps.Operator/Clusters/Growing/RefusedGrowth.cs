using System.Collections.Concurrent;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Growing;

/// <summary>
/// Refusals of larger claims, in the API server's words. A refused request is sent again at once when the spec changes, and otherwise after
/// a round, two, four, and so on: what else the server goes by, a class or a quota, tells nobody when it changes. Forgotten with the
/// process. Thread-safe.
/// </summary>
internal sealed class RefusedGrowth(OperatorOptions options, TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<ObjectKey, Refusal> _refusals = new();

    /// <summary>The last refusal, while it is too early to ask again; null when it is not, or there was none.</summary>
    public KubernetesException? Find(BrokerCluster cluster) =>
        Of(cluster) is { } last && time.GetElapsedTime(last.At) < last.Pause ? last.Answer : null;

    public void Note(BrokerCluster cluster, KubernetesException answer)
    {
        TimeSpan pause = Of(cluster) is { } last ? TimeSpan.FromTicks(Math.Min(Longest.Ticks, last.Pause.Ticks * 2)) : options.ResyncInterval;
        _refusals[cluster.Key()] = new Refusal(cluster.Uid(), cluster.Metadata.Generation, time.GetTimestamp(), pause, answer);
    }

    /// <summary>It was allowed, or the cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _refusals.TryRemove(cluster, out _);

    private Refusal? Of(BrokerCluster cluster) =>
        _refusals.GetValueOrDefault(cluster.Key()) is { } last && last.Uid == cluster.Uid() && last.Generation == cluster.Metadata.Generation ? last : null;

    private sealed record Refusal(string Uid, long? Generation, long At, TimeSpan Pause, KubernetesException Answer);
}
