using System.Globalization;
using Microsoft.AspNetCore.Http;
using RocketOps.Client;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// Two operators with a real election: the one that leads stands still in the middle of a write for longer than its lease lasts; the other one takes over and changes what was about to be written.
/// </summary>
public sealed class TwoOperatorsTests : IAsyncLifetime
{
    private const string Ns = "default";

    private readonly StandingOperator[] _operators = [new("first"), new("second")];
    private readonly FakeAdmin _admin = new();
    private readonly Pulse _pulse = new();
    private EmbeddedApiServer _server = null!;
    private KubernetesClient _client = null!;
    private Workloads _workloads = null!;
    private int _writes;

    /// <summary>What the next operator that tries it stands still at; null for nothing.</summary>
    private string? _standsAt;

    public async Task InitializeAsync()
    {
        _server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        _server.DefineAll();
        _server.Interceptor = ServeAsync;
        _client = new KubernetesClient(
            _server.Administrator,
            new KubernetesTypes().Add(OperatorJsonContext.Default.BrokerCluster).Add(OperatorJsonContext.Default.Topic),
            new KubernetesClientOptions { UserAgent = "test", RequestsPerSecond = 1000, Burst = 1000, RequestTimeout = Eventually.DefaultDeadline });
        _workloads = new Workloads(_client, _admin, pulse: _pulse);
        foreach (StandingOperator one in _operators)
        {
            await one.StartAsync(_server.Administrator, InterceptedAdmin.Of(_admin, (request, isWrite, send) => AskAsync(one, request, isWrite, send)), Ns);
        }
    }

    public async Task DisposeAsync()
    {
        foreach (StandingOperator one in _operators)
        {
            await one.DisposeAsync();
        }

        await _workloads.DisposeAsync();
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task OldLeaderGoesOn_ItsWriteIsRefusedAndWhatIsThereStays()
    {
        await _client.CreateAsync(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = Ns } });
        await QuietAsync();
        Volatile.Write(ref _standsAt, "patch deployments a-nameserver");
        await AskAsync(1);
        await Eventually.TrueAsync(() => Array.Exists(_operators, static one => one.IsStanding), "the leader stands still", CrashWorld.Patience);
        StandingOperator old = _operators.Single(static one => one.IsStanding);
        await OverAsync(_operators.Single(one => one != old));
        await AskAsync(2);
        await QuietAsync();
        Dictionary<string, string?> end = await VersionsAsync();
        int looks = old.Looks;

        Exception? refusal = await old.GoOnAsync();

        refusal.Should().NotBeNull("what it saw is not what is there");
        refusal!.Message.Should().StartWith("Operation cannot be fulfilled on deployments.apps \"a-nameserver\"");
        await Eventually.TrueAsync(() => old.Looks >= looks + 3, "the old one stands in line again", CrashWorld.Patience);
        await QuietAsync();
        (await VersionsAsync()).Should().BeEquivalentTo(end, "nothing of what the new leader has made was touched");
        old.Written.Should().BeEmpty("it leads no more");
    }

    /// <summary>It has asked the broker for the topic, and stands still before it writes what it found missing. Brokers keep no versions that would refuse that.</summary>
    [Fact]
    public async Task OldLeaderGoesOnBeforeABrokerIsWritten_NothingIsSent()
    {
        await _client.CreateAsync(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = Ns } });
        await QuietAsync();
        Topic topic = new() { Metadata = new ObjectMeta { Name = "orders", Namespace = Ns }, Spec = new TopicSpec { ClusterRef = new ClusterReference { Name = "a" }, ReadQueues = 2, WriteQueues = 2 } };
        await _client.CreateAsync(topic);
        await TopicAsync(2);
        string broker = _admin.Registered!["a-0"][0];
        Volatile.Write(ref _standsAt, $"{nameof(IRocketMqAdmin.GetTopicConfigAsync)} {broker} orders");
        await GrowAsync(4);
        await Eventually.TrueAsync(() => Array.Exists(_operators, static one => one.IsStanding), "the leader stands still", CrashWorld.Patience);
        StandingOperator old = _operators.Single(static one => one.IsStanding);
        await OverAsync(_operators.Single(one => one != old));
        await GrowAsync(6);
        await TopicAsync(6);
        await QuietAsync();
        int looks = old.Looks;

        (await old.GoOnAsync()).Should().BeNull("to look does no harm");

        await Eventually.TrueAsync(() => old.Looks >= looks + 3, "the old one stands in line again", CrashWorld.Patience);
        old.Written.Should().BeEmpty("it leads no more");
        _admin.Topic(broker, "orders").Should().BeEquivalentTo(new { ReadQueues = 6, WriteQueues = 6 });
    }

    private Task GrowAsync(int queues) => Eventually.TrueAsync(
        () => _client.TryChangeAsync<Topic>("orders", Ns, topic => (topic.Spec.ReadQueues, topic.Spec.WriteQueues) = (queues, queues)), "the topic is changed", CrashWorld.Patience);

    private Task TopicAsync(int queues) => Eventually.TrueAsync(
        async () => await _client.GetAsync<Topic>("orders", Ns) is { Status: { ReadQueues: { } read, WriteQueues: { } write } status } live
            && (read, write) == (queues, queues) && status.ObservedGeneration == live.Metadata.Generation && Conditions.IsTrue(status.Conditions, "Ready"),
        $"the topic has {queues} queues",
        CrashWorld.Patience);

    /// <summary>A request of one of them to a broker or name server.</summary>
    private Task AskAsync(StandingOperator sender, string request, bool isWrite, Func<Task> send) =>
        _standsAt == request && Interlocked.Exchange(ref _standsAt, null) is not null ? sender.StandAsync(send) : sender.AskAsync(request, isWrite, send);

    /// <summary>Waits until the other one leads, for whom the lease is over once nobody renews it.</summary>
    private async Task OverAsync(StandingOperator next)
    {
        string? former = await HolderAsync();
        int looks = next.Looks;
        await Eventually.TrueAsync(
            async () =>
            {
                if (await HolderAsync() != former)
                {
                    return true;
                }

                // What it has seen last may be older than the last renewal.
                if (next.Looks >= looks + 2)
                {
                    looks = next.Looks;
                    next.OutwaitLease();
                }

                return false;
            },
            "the other one leads",
            CrashWorld.Patience);
    }

    private async Task<string?> HolderAsync() => (await _client.ListAsync<Lease>(new ListOptions { Namespace = Ns })).Items.Single().Spec!.HolderIdentity;

    /// <summary>Labels of name servers are in the template of their Deployment.</summary>
    private Task AskAsync(int number) => Eventually.TrueAsync(
        () => _client.TryChangeAsync<BrokerCluster>(
            "a", Ns, cluster => cluster.Spec.NameServer.Pod = new PodOptions { Labels = new(StringComparer.Ordinal) { ["number"] = number.ToString(CultureInfo.InvariantCulture) } }),
        "the cluster is changed",
        CrashWorld.Patience);

    /// <summary>Waits until the cluster is ready and passes write nothing.</summary>
    private async Task QuietAsync()
    {
        int writes;
        do
        {
            await Eventually.TrueAsync(
                async () => await _client.GetAsync<BrokerCluster>("a", Ns) is { Status: { } status } live && status.ObservedGeneration == live.Metadata.Generation && Conditions.IsTrue(status.Conditions, "Ready"),
                "the cluster is ready",
                CrashWorld.Patience);
            writes = Volatile.Read(ref _writes);
            int questions = _admin.Questions;
            await Eventually.TrueAsync(() => _admin.Questions >= questions + 6, "passes", CrashWorld.Patience);
        }
        while (writes != Volatile.Read(ref _writes));
    }

    private async Task<Dictionary<string, string?>> VersionsAsync() => new[]
    {
        await OfAsync<Deployment>(), await OfAsync<StatefulSet>(), await OfAsync<Service>(), await OfAsync<ConfigMap>(), await OfAsync<PodDisruptionBudget>(), await OfAsync<ServiceAccount>(), await OfAsync<Pod>(), await OfAsync<BrokerCluster>(),
    }.SelectMany(static kind => kind).ToDictionary(static one => one.Name, static one => one.Version);

    private async Task<IEnumerable<(string Name, string? Version)>> OfAsync<T>()
        where T : class, IKubernetesObject =>
        (await _client.ListAsync<T>(new ListOptions { Namespace = Ns })).Items.Select(static item => ($"{typeof(T).Name} {item.Name()}", item.Metadata.ResourceVersion));

    private async Task ServeAsync(ApiCall call, HttpContext context, Func<Task> serve)
    {
        if (call is { Verb: "create" or "update" or "patch" or "delete", Resource: not ("events" or "leases") })
        {
            Interlocked.Increment(ref _writes);
        }

        string agent = context.Request.Headers.UserAgent.ToString();
        if (Array.Find(_operators, one => one.Agent == agent) is not { } sender)
        {
            await serve();
        }
        else if (_standsAt == $"{call.Verb} {call.Resource} {call.Name}" && Interlocked.Exchange(ref _standsAt, null) is not null)
        {
            await sender.StandAsync(serve);
        }
        else
        {
            await sender.ServeAsync(call, serve);
        }

        if (Pulse.IsNews(call))
        {
            _pulse.Beat(call.Resource);
        }
    }
}
