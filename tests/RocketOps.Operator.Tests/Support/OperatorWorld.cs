using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using RocketOps.Embedded;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Support;

/// <summary>The operator against the embedded API server, with played workloads and brokers in memory. Everything ends with it.</summary>
internal sealed partial class OperatorWorld : IAsyncDisposable
{
    public const string Ns = "default";

    private readonly EmbeddedApiServer _server;
    private readonly KubernetesClientConfiguration _configuration;
    private readonly OperatorOptions _options;
    private OperatorHost? _operator;

    private OperatorWorld(EmbeddedApiServer server, OperatorOptions options)
    {
        _server = server;
        _options = options;
        _configuration = new KubernetesClientConfiguration { Server = server.Address, Token = server.Token, CertificateAuthorityPem = server.CaCertificatePem };
        Client = new KubernetesClient(_configuration, new KubernetesTypes().Add(OperatorJsonContext.Default.BrokerCluster).Add(OperatorJsonContext.Default.Topic), new KubernetesClientOptions { RequestsPerSecond = 1000, Burst = 1000 });
        Workloads = new Workloads(Client, Admin);
    }

    public KubernetesClient Client { get; }

    public FakeAdmin Admin { get; } = new();

    public Workloads Workloads { get; }

    /// <summary>Writes of anybody, in order: <c>verb resource/subresource name</c>.</summary>
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>Decides about each request of anybody; null lets it pass.</summary>
    public Func<ApiCall, ApiFault?>? Fault { get; set; }

    public static async Task<OperatorWorld> StartAsync(Func<OperatorOptions, OperatorOptions>? configure = null)
    {
        EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        foreach (string file in Directory.GetFiles(Repository.Path("deploy", "crds"), "*.yaml"))
        {
            // Without the schema's rules: what the controllers refuse by themselves is tested here. A stored object may be older than a rule.
            server.AddCrd(SchemaRules().Replace(await File.ReadAllTextAsync(file), string.Empty));
        }

        OperatorOptions options = new()
        {
            LeaderElection = false,
            Images = new OperatorImages("test/broker:1", "test/nameserver:1"),
            ProgressInterval = TimeSpan.FromMilliseconds(50),
            ResyncInterval = TimeSpan.FromMilliseconds(200),
            RouteRefreshGrace = TimeSpan.Zero,
        };
        OperatorWorld world = new(server, configure?.Invoke(options) ?? options);
        server.FaultHook = world.OnCall;
        await world.StartOperatorAsync();
        return world;
    }

    public async Task StartOperatorAsync() =>
        _operator = await OperatorHost.StartAsync(_configuration, _options, services => services.AddSingleton<IRocketMqAdminFactory>(new FakeAdminFactory(Admin)));

    public async Task StopOperatorAsync()
    {
        if (_operator is { } running)
        {
            _operator = null;
            await running.DisposeAsync();
            running.Failure.Should().BeNull();
        }
    }

    public Task<BrokerCluster> CreateClusterAsync(string name, Action<BrokerClusterSpec>? configure = null)
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = name, Namespace = Ns } };
        configure?.Invoke(cluster.Spec);
        return Client.CreateAsync(cluster);
    }

    /// <summary>Creates a cluster while requests fail at random: until it is there.</summary>
    public Task CreateWithFaultsAsync(string name) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                await CreateClusterAsync(name);
                return true;
            }
            catch (KubernetesException refused)
            {
                return refused.IsAlreadyExists;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        $"{name} is created");

    public Task<Topic> CreateTopicAsync(string name, string cluster, Action<TopicSpec>? configure = null)
    {
        Topic topic = new() { Metadata = new ObjectMeta { Name = name, Namespace = Ns } };
        topic.Spec.ClusterRef.Name = cluster;
        configure?.Invoke(topic.Spec);
        return Client.CreateAsync(topic);
    }

    public async Task ChangeAsync<T>(string name, Action<T> change)
        where T : class, IKubernetesObject
    {
        await Eventually.TrueAsync(
            async () =>
            {
                T live = await Client.GetAsync<T>(name, Ns) ?? throw new InvalidOperationException($"There is no {typeof(T).Name} {name}.");
                change(live);
                try
                {
                    await Client.ReplaceAsync(live);
                    return true;
                }
                catch (KubernetesException changed) when (changed.IsConflict)
                {
                    return false;
                }
            },
            $"{name} can be changed");
    }

    /// <summary>Waits for a condition of the object's newest generation.</summary>
    public async Task<BrokerCluster> ClusterAsync(string name, string type, string status, string? reason = null) => await AwaitAsync<BrokerCluster>(
        name, cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation && Has(cluster.Status?.Conditions, type, status, reason), $"{type}={status} {reason}");

    public async Task<Topic> TopicAsync(string name, string type, string status, string? reason = null) => await AwaitAsync<Topic>(
        name, topic => topic.Status?.ObservedGeneration == topic.Metadata.Generation && Has(topic.Status?.Conditions, type, status, reason), $"{type}={status} {reason}");

    public async Task<T> AwaitAsync<T>(string name, Func<T, bool> condition, string what)
        where T : class, IKubernetesObject
    {
        T? last = null;
        try
        {
            await Eventually.TrueAsync(async () => (last = await Client.GetAsync<T>(name, Ns)) is not null && condition(last), $"{typeof(T).Name} {name}: {what}");
        }
        catch (TimeoutException late)
        {
            string json = last is null ? "not there" : System.Text.Json.JsonSerializer.Serialize(last, Client.Types.Get<T>().Json);
            throw new TimeoutException($"{late.Message}; it is {json}; workloads: {Workloads.Failure}", late);
        }

        return last!;
    }

    /// <summary>The ConfigMap a pod starts with.</summary>
    public static string Configuration(Pod pod) => pod.Spec!.Volumes!.Single(static volume => volume.ConfigMap is not null).ConfigMap!.Name!;

    /// <summary>Where a name server's pod is asked.</summary>
    public async Task<string> NameServerAsync(string pod) =>
        $"{(await Client.GetAsync<Pod>(pod, Ns) ?? throw new InvalidOperationException($"There is no pod {pod}.")).Status!.PodIP}:9876";

    public async Task<string> ConfigurationAsync(string pod) =>
        Configuration(await Client.GetAsync<Pod>(pod, Ns) ?? throw new InvalidOperationException($"There is no pod {pod}."));

    public Task GoneAsync<T>(string name)
        where T : class, IKubernetesObject =>
        Eventually.TrueAsync(async () => await Client.GetAsync<T>(name, Ns) is null, $"{typeof(T).Name} {name} is gone");

    /// <summary>Waits until the operator has looked at its clusters this many times more.</summary>
    public async Task PassesAsync(int count)
    {
        // Each pass over a cluster asks both of its name servers.
        int before = Admin.Questions;
        await Eventually.TrueAsync(() => Admin.Questions >= before + (2 * count), $"{count} more passes");
    }

    public async ValueTask DisposeAsync()
    {
        Fault = null;
        await StopOperatorAsync();
        await Workloads.DisposeAsync();
        Client.Dispose();
        await _server.DisposeAsync();
    }

    private static bool Has(IEnumerable<Condition>? conditions, string type, string status, string? reason) =>
        Conditions.Find(conditions, type) is { } condition && condition.Status == status && (reason is null || condition.Reason == reason);

    private ApiFault? OnCall(ApiCall call)
    {
        ApiFault? fault = Fault?.Invoke(call);
        if (call.Verb is "create" or "update" or "patch" or "delete" && call.Resource != "events")
        {
            Writes.Enqueue($"{call.Verb} {call.Resource}{(call.Subresource.Length > 0 ? "/" + call.Subresource : "")} {call.Name}");
        }

        return fault;
    }

    [GeneratedRegex(@"^ *x-kubernetes-validations:\n( *- message:.*\n *rule:.*\n)+", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex SchemaRules();
}
