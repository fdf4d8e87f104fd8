using RocketOps.Cli.Demo;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Cli.Up;

/// <summary>Everything the screen shows, at one moment.</summary>
internal sealed record UpState(IReadOnlyList<ClusterView> Clusters, IReadOnlyList<TopicView> Topics, IReadOnlyList<PodProblem> Problems, DemoProgress? Demo)
{
    private static readonly KubernetesType<KubernetesObject> Cluster = ResourceKind.Of("rocketops.io", "v1beta1", "BrokerCluster", "brokerclusters");
    private static readonly KubernetesType<KubernetesObject> Pod = ResourceKind.Of("", "v1", "Pod", "pods");
    private static readonly KubernetesType<KubernetesObject> Event = ResourceKind.Of("", "v1", "Event", "events");

    public static readonly UpState Empty = new([], [], [], null);

    /// <summary>Message about the operator's end; null while it works.</summary>
    public string? OperatorEnd { get; init; }

    /// <summary>Reason why the demo did not get done; null while it has not failed.</summary>
    public string? DemoFailure { get; init; }

    public IReadOnlyList<GroupView> Groups { get; init; } = [];

    /// <summary>Warning about the disk of the data folder; null while it has room.</summary>
    public string? LackOfRoom { get; init; }

    /// <summary>Latest events, newest last.</summary>
    public IReadOnlyList<EventView> Events { get; init; } = [];

    /// <summary>Time of this state.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>Figures that brokers report of their work, by address.</summary>
    public IReadOnlyDictionary<string, BrokerFigures> Figures { get; init; } = new Dictionary<string, BrokerFigures>(StringComparer.Ordinal);

    /// <summary>Numbers of messages that topics hold, by the topics' keys; without the topics of which nobody knows.</summary>
    public IReadOnlyDictionary<string, long> TopicMessages { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>All there is is ready; nothing at all is, too. Nothing is without the operator: what the objects say is then of the past.</summary>
    public bool IsReady => OperatorEnd is null && Clusters.All(cluster => cluster is { IsReady: true, Address.Length: > 0 }) && Topics.All(topic => topic.IsReady) && Groups.All(group => group.IsReady);

    public static async Task<UpState> ReadAsync(
        KubernetesClient client, IReadOnlyDictionary<string, string> hostAddresses, DemoProgress? demo, CancellationToken cancellation)
    {
        IReadOnlyList<KubernetesObject> clusters = await ListAsync(client, Cluster, cancellation);
        IReadOnlyList<KubernetesObject> pods = await ListAsync(client, Pod, cancellation);
        Dictionary<ObjectKey, KubernetesObject> byKey = pods.ToDictionary(ObjectKey.Of);
        IReadOnlyList<KubernetesObject> topics = await ListAsync(client, TopicView.Kind, cancellation);
        IReadOnlyList<KubernetesObject> groups = await ListAsync(client, GroupView.Kind, cancellation);
        return new UpState(
            [.. clusters.Select(cluster => ClusterView.Of(cluster, byKey, hostAddresses)).OrderBy(cluster => cluster.Key, StringComparer.Ordinal)],
            [.. topics.Select(TopicView.Of).OrderBy(topic => topic.Key, StringComparer.Ordinal)],
            [.. pods.Select(PodProblem.Of).OfType<PodProblem>().OrderBy(problem => problem.Key, StringComparer.Ordinal)],
            demo)
        {
            Groups = [.. groups.Select(GroupView.Of).OrderBy(group => group.Key, StringComparer.Ordinal)],
        };
    }

    public static async Task<IReadOnlyList<EventView>> ReadEventsAsync(KubernetesClient client, DateTimeOffset since, CancellationToken cancellation) =>
        EventView.Newest(await ListAsync(client, Event, cancellation), since);

    private static async Task<IReadOnlyList<KubernetesObject>> ListAsync(KubernetesClient client, KubernetesType<KubernetesObject> kind, CancellationToken cancellation) =>
        (await client.For(kind).ListAsync<KubernetesObject>(cancellationToken: cancellation)).Items;
}
