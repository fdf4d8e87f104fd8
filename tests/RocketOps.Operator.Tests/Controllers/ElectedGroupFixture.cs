using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>A world with one cluster, a, whose only group elects its master; its members are played.</summary>
public abstract class ElectedGroupFixture : IAsyncLifetime
{
    private protected OperatorWorld World { get; private set; } = null!;

    private protected ElectedMembers Members { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        World = await OperatorWorld.StartAsync();
        Elect();
    }

    public async Task DisposeAsync()
    {
        await Members.DisposeAsync();
        await World.DisposeAsync();
    }

    private protected void Elect()
    {
        Members = new ElectedMembers(World.Client, "a-0", pulse: World.Pulse);
        World.Workloads.Registration = Members.RegistrationAsync;
    }

    private protected Task ResizeAsync(int members) => World.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.Brokers.Replicas = members);

    private protected Task<BrokerCluster> OperationAsync(OperationType type, OperationPhase phase) => World.AwaitAsync<BrokerCluster>(
        "a",
        cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation && cluster.Status?.Operations?.Exists(operation => operation.Type == type && operation.Phase == phase && operation.Group == "a-0") == true,
        $"{type} is {phase}");

    private protected async Task LeadAsync(string pod)
    {
        await World.ChangeAsync<Lease>("a-0", lease => lease.Metadata.Annotations!["rocketops.io/hand-over-to"] = pod);
        await World.AwaitAsync<BrokerCluster>("a", cluster => cluster.Status?.Groups?[0].Master == pod, $"{pod} leads");
    }

    /// <summary>How many members each pod counts among its group.</summary>
    private protected async Task<int[]> ListsAsync()
    {
        IEnumerable<Pod> pods = (await World.Client.ListAsync<Pod>(new ListOptions { Namespace = OperatorWorld.Ns, LabelSelector = "rocketops.io/group=a-0" })).Items.OrderBy(static pod => pod.Name(), StringComparer.Ordinal);
        return await Task.WhenAll(pods.Select(async pod => (await OfAsync<ConfigMap>(OperatorWorld.Configuration(pod))).Data!.Count));
    }

    private protected void Undisturbed()
    {
        Members.Deposed.Should().BeEmpty("no master's pod went while it led");
        Members.Forgetful.Should().BeEmpty("who is in sync counts for everybody");
        Members.Failure.Should().BeNull();
        World.Workloads.MostAway.Should().BeLessThanOrEqualTo(1);
    }

    private protected Task<BrokerCluster> CreateAsync(int members = 3) => World.CreateClusterAsync("a", spec =>
    {
        spec.Brokers.Replicas = members;
        spec.Replication.Mode = ReplicationMode.Sync;
        spec.Replication.MinInSync = 2;
        spec.Replication.Failover = FailoverMode.Automatic;
    });

    private protected async Task<T> OfAsync<T>(string name)
        where T : class, IKubernetesObject =>
        await World.Client.GetAsync<T>(name, OperatorWorld.Ns) ?? throw new InvalidOperationException($"There is no {typeof(T).Name} {name}.");

    private protected async Task<HashSet<string>> EventsAsync() => [.. (await World.Client.ListAsync<Event>()).Items.Select(static happened => happened.Reason ?? string.Empty)];
}
