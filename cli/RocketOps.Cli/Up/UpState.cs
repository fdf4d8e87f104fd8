using RocketOps.Cli.Demo;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Cli.Up;

/// <summary>Everything the table shows, at one moment.</summary>
internal sealed record UpState(IReadOnlyList<ClusterView> Clusters, IReadOnlyList<TopicView> Topics, IReadOnlyList<PodProblem> Problems, DemoProgress? Demo)
{
    private static readonly ResourceKind Cluster = new("rocketops.io", "v1beta1", "BrokerCluster", "brokerclusters");
    private static readonly ResourceKind Topic = new("rocketops.io", "v1beta1", "Topic", "topics");

    public static readonly UpState Empty = new([], [], [], null);

    /// <summary>What to say about the operator's end; null while it works.</summary>
    public string? OperatorEnd { get; init; }

    /// <summary>All there is is ready; nothing at all is, too. Nothing is without the operator: what the objects say is then of the past.</summary>
    public bool IsReady => OperatorEnd is null && Clusters.All(cluster => cluster is { IsReady: true, Address.Length: > 0 }) && Topics.All(topic => topic.IsReady);

    public static async Task<UpState> ReadAsync(
        ClusterClient client, IReadOnlyDictionary<string, string> hostAddresses, DemoProgress? demo, CancellationToken cancellation)
    {
        ObjectList clusters = await client.ListAsync(Cluster, cancellation);
        ObjectList pods = await client.ListAsync(ResourceKind.Pod, cancellation);
        HashSet<string> ready = pods.Items.Where(pod => pod.HasCondition("Ready")).Select(pod => pod.Key).ToHashSet(StringComparer.Ordinal);
        ObjectList topics = await client.ListAsync(Topic, cancellation);
        return new UpState(
            [.. clusters.Items.Select(cluster => ClusterView.Of(cluster, ready, hostAddresses)).OrderBy(cluster => cluster.Key, StringComparer.Ordinal)],
            [.. topics.Items.Select(TopicView.Of).OrderBy(topic => topic.Key, StringComparer.Ordinal)],
            [.. pods.Items.Select(PodProblem.Of).OfType<PodProblem>().OrderBy(problem => problem.Key, StringComparer.Ordinal)],
            demo);
    }
}
