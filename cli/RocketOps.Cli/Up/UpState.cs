using RocketOps.Cli.Demo;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Cli.Up;

/// <summary>Everything the screen shows, at one moment.</summary>
internal sealed record UpState(IReadOnlyList<ClusterView> Clusters, IReadOnlyList<TopicView> Topics, IReadOnlyList<PodProblem> Problems, DemoProgress? Demo)
{
    private static readonly ResourceKind Cluster = new("rocketops.io", "v1beta1", "BrokerCluster", "brokerclusters");
    private static readonly ResourceKind Topic = new("rocketops.io", "v1beta1", "Topic", "topics");

    public static readonly UpState Empty = new([], [], [], null);

    /// <summary>What to say about the operator's end; null while it works.</summary>
    public string? OperatorEnd { get; init; }

    /// <summary>What happened last, newest last.</summary>
    public IReadOnlyList<EventView> Events { get; init; } = [];

    /// <summary>What brokers say of their work, by address.</summary>
    public IReadOnlyDictionary<string, BrokerFigures> Figures { get; init; } = new Dictionary<string, BrokerFigures>(StringComparer.Ordinal);

    /// <summary>All there is is ready; nothing at all is, too. Nothing is without the operator: what the objects say is then of the past.</summary>
    public bool IsReady => OperatorEnd is null && Clusters.All(cluster => cluster is { IsReady: true, Address.Length: > 0 }) && Topics.All(topic => topic.IsReady);

    public static async Task<UpState> ReadAsync(
        ClusterClient client, IReadOnlyDictionary<string, string> hostAddresses, DemoProgress? demo, CancellationToken cancellation)
    {
        ObjectList clusters = await client.ListAsync(Cluster, cancellation);
        ObjectList pods = await client.ListAsync(ResourceKind.Pod, cancellation);
        Dictionary<string, KubeObject> byKey = pods.Items.ToDictionary(pod => pod.Key, StringComparer.Ordinal);
        ObjectList topics = await client.ListAsync(Topic, cancellation);
        return new UpState(
            [.. clusters.Items.Select(cluster => ClusterView.Of(cluster, byKey, hostAddresses)).OrderBy(cluster => cluster.Key, StringComparer.Ordinal)],
            [.. topics.Items.Select(TopicView.Of).OrderBy(topic => topic.Key, StringComparer.Ordinal)],
            [.. pods.Items.Select(PodProblem.Of).OfType<PodProblem>().OrderBy(problem => problem.Key, StringComparer.Ordinal)],
            demo);
    }

    public static async Task<IReadOnlyList<EventView>> ReadEventsAsync(ClusterClient client, CancellationToken cancellation) =>
        EventView.Newest((await client.ListAsync(ResourceKind.Event, cancellation)).Items);
}
