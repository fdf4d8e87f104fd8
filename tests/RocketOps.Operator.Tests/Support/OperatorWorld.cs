using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;
using RocketOps.Testing.Time;
using RocketOps.Testing;
using Xunit.Sdk;

namespace RocketOps.Operator.Tests.Support;

/// <summary>
/// The operator against the embedded API server, with played workloads and brokers in memory. Whatever the operator asks of the API server must be allowed by the roles of the chart. Everything ends with it.
/// </summary>
internal sealed class OperatorWorld : IAsyncDisposable
{
    public const string Ns = "default";

    private const string TestAgent = "tests";

    private readonly EmbeddedApiServer? _server;
    private readonly KubernetesClientConfiguration _configuration;
    private readonly OperatorOptions _options;
    private readonly ShippedRights _rights;
    private readonly ConcurrentQueue<string> _refusals = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _standing = new(StringComparer.Ordinal);
    private OperatorHost? _operator;

    private OperatorWorld(EmbeddedApiServer? server, KubernetesClientConfiguration admin, KubernetesClientConfiguration configuration, OperatorOptions options)
    {
        _server = server;
        _options = options;
        _rights = new ShippedRights(options.Namespaces, options.LeaderElection ? options.LeaseNamespace ?? (options.Namespaces is [string first, ..] ? first : Ns) : null);
        _configuration = configuration;
        Client = new KubernetesClient(admin, new KubernetesTypes().Add(OperatorJsonContext.Default.BrokerCluster).Add(OperatorJsonContext.Default.Topic).Add(OperatorJsonContext.Default.ConsumerGroup), new KubernetesClientOptions { RequestsPerSecond = 1000, Burst = 1000, RequestTimeout = Eventually.DefaultDeadline, UserAgent = TestAgent });
        Pulse = server is null ? null : new Pulse();
        Workloads = new Workloads(Client, Admin, pulse: Pulse) { Time = Time };
    }

    public KubernetesClient Client { get; }

    /// <summary>Beats with every write that players have to do with; null on a server that nobody listens to.</summary>
    public Pulse? Pulse { get; }

    private static OperatorOptions Quick { get; } = new()
    {
        LeaderElection = false,
        Images = new OperatorImages("test/broker:1", "test/nameserver:1"),
        ProgressInterval = TimeSpan.FromMilliseconds(50),
        ResyncInterval = TimeSpan.FromMilliseconds(200),
        RouteRefreshGrace = TimeSpan.Zero,
        MasterRestartPause = TimeSpan.Zero,
        ConfigRefreshGrace = TimeSpan.Zero,
        FaultGrace = TimeSpan.Zero,
        AdminTimeout = Eventually.DefaultDeadline,
    };

    public FakeAdmin Admin { get; } = new();

    /// <summary>The operator's clock.</summary>
    public MovedTime Time { get; } = new();

    /// <summary>What the operator serves as /metrics.</summary>
    public string Metrics => (_operator ?? throw new InvalidOperationException("The operator does not run.")).Metrics;

    public Workloads Workloads { get; }

    /// <summary>Writes of anybody, in order: <c>verb resource/subresource name</c>.</summary>
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>Decides about each request of anybody; null lets it pass.</summary>
    public Func<ApiCall, ApiFault?>? Fault { get; set; }

    /// <summary>The same of the operator's requests alone.</summary>
    public Func<ApiCall, ApiFault?>? OperatorFault { get; set; }

    /// <summary>Lets something happen while the operator waits for the answer to its next request of a kind: what it has seen before is old then. Sets <see cref="OperatorFault"/>.</summary>
    /// <param name="request">Whether a request is of that kind.</param>
    /// <param name="happens">What happens, once.</param>
    /// <returns>Ends when it has happened.</returns>
    public Task MeanwhileAsync(Func<ApiCall, bool> request, Func<Task> happens)
    {
        int asked = 0;
        TaskCompletionSource happened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        OperatorFault = call => request(call) && Interlocked.Increment(ref asked) == 1 ? new ApiFault { Meanwhile = HappenAsync } : null;
        return happened.Task.WaitAsync(Eventually.DefaultDeadline);

        async Task HappenAsync()
        {
            try
            {
                await happens();
                happened.SetResult();
            }
            catch (Exception failed)
            {
                happened.SetException(failed);
                throw;
            }
        }
    }

    public static async Task<OperatorWorld> StartAsync(Func<OperatorOptions, OperatorOptions>? configure = null)
    {
        EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions { SlowReaderTimeout = Eventually.DefaultDeadline });

        // Without the schema's rules: what the controllers refuse by themselves is tested here. A stored object may be older than a rule.
        server.DefineAll(rules: false);
        KubernetesClientConfiguration configuration = server.Administrator;
        OperatorWorld world = new(server, configuration, configuration, configure?.Invoke(Quick) ?? Quick);
        server.Interceptor = world.ServeAsync;
        await world.StartOperatorAsync();
        return world;
    }

    /// <summary>The same with cluster a of two groups, which is ready.</summary>
    public static Task<OperatorWorld> StartWithTwoGroupsAsync(Func<OperatorOptions, OperatorOptions>? configure = null) =>
        StartReadyAsync(static spec => spec.Brokers.Groups = 2, configure);

    /// <summary>The same with cluster a of two groups, each a master with a slave, which is ready.</summary>
    public static Task<OperatorWorld> StartTwoByTwoAsync(Func<OperatorOptions, OperatorOptions>? configure = null) =>
        StartReadyAsync(TwoByTwo, configure);

    /// <summary>The same on another API server, which has the definitions.</summary>
    /// <param name="admin">As whom the test and its plays come there.</param>
    /// <param name="configuration">As whom the operator comes there.</param>
    /// <param name="configure">Changes how it works.</param>
    public static async Task<OperatorWorld> StartOnAsync(KubernetesClientConfiguration admin, KubernetesClientConfiguration configuration, Func<OperatorOptions, OperatorOptions> configure)
    {
        OperatorWorld world = new(null, admin, configuration, configure(Quick));
        await world.StartOperatorAsync();
        return world;
    }

    /// <param name="configure">Changes how it works this time; null for as before.</param>
    public async Task StartOperatorAsync(Func<OperatorOptions, OperatorOptions>? configure = null) =>
        _operator = await OperatorHost.StartAsync(_configuration, configure?.Invoke(_options) ?? _options, services =>
        {
            services.AddSingleton<IRocketMqAdminFactory>(new FakeAdminFactory(Admin));
            services.AddSingleton<TimeProvider>(Time);
            services.MakeQuick(_configuration, "operator");
        });

    public async Task StopOperatorAsync()
    {
        if (_operator is { } running)
        {
            _operator = null;
            await running.DisposeAsync();
            running.Failure.Should().BeNull();
        }
    }

    /// <summary>The operator's cache of a kind is told nothing new until it is to go on; those of other kinds are.</summary>
    /// <param name="resource">The kind, as in paths.</param>
    public void StandStill(string resource) => _standing[resource] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void GoOn(string resource)
    {
        if (_standing.TryRemove(resource, out TaskCompletionSource? stands))
        {
            stands.SetResult();
        }
    }

    /// <summary>Two groups, each a master with a slave.</summary>
    public static void TwoByTwo(BrokerClusterSpec spec)
    {
        spec.Brokers.Groups = 2;
        spec.Brokers.Replicas = 2;
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

    public Task<ConsumerGroup> CreateGroupAsync(string name, string cluster, Action<ConsumerGroupSpec>? configure = null)
    {
        ConsumerGroup group = new() { Metadata = new ObjectMeta { Name = name, Namespace = Ns } };
        group.Spec.ClusterRef.Name = cluster;
        configure?.Invoke(group.Spec);
        return Client.CreateAsync(group);
    }

    public Task ChangeAsync<T>(string name, Action<T> change)
        where T : class, IKubernetesObject =>
        Eventually.TrueAsync(() => Client.TryChangeAsync(name, Ns, change), $"{name} can be changed");

    /// <summary>Lets the object go without what it is for being removed.</summary>
    public Task ForceDeleteAsync<T>(string name)
        where T : class, IKubernetesObject =>
        ChangeAsync<T>(
            name,
            static entity => entity.Metadata.Annotations =
                new Dictionary<string, string>(StringComparer.Ordinal) { [DeletionAnnotations.ForceDelete] = "true" });

    /// <summary>Waits for a condition of the object's newest generation.</summary>
    public async Task<BrokerCluster> ClusterAsync(string name, string type, string status, string? reason = null) => await AwaitAsync<BrokerCluster>(
        name, cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation && Has(cluster.Status?.Conditions, type, status, reason), $"{type}={status} {reason}");

    public async Task<Topic> TopicAsync(string name, string type, string status, string? reason = null) => await AwaitAsync<Topic>(
        name, topic => topic.Status?.ObservedGeneration == topic.Metadata.Generation && Has(topic.Status?.Conditions, type, status, reason), $"{type}={status} {reason}");

    public async Task<ConsumerGroup> GroupAsync(string name, string type, string status, string? reason = null) => await AwaitAsync<ConsumerGroup>(
        name, group => group.Status?.ObservedGeneration == group.Metadata.Generation && Has(group.Status?.Conditions, type, status, reason), $"{type}={status} {reason}");

    /// <summary>Asserts the words of a condition, of the object as it was read or as it is a little later: what they name comes one by one.</summary>
    public async Task SaysAsync<T>(T read, string type, Action<string?> assertion)
        where T : class, IKubernetesObject
    {
        T? now = read;
        Exception? wrong = null;
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    try
                    {
                        assertion(Conditions.Find(ConditionsOf(now), type)?.Message);
                        return true;
                    }
                    catch (XunitException other)
                    {
                        wrong = other;
                        now = await Client.GetAsync<T>(read.Metadata.Name!, Ns);
                        return false;
                    }
                },
                $"{typeof(T).Name} {read.Metadata.Name} says of {type} what it should");
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; {wrong?.Message}", late);
        }
    }

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

    /// <summary>The ConfigMap a pod starts with, beside the one of keys that a running broker takes.</summary>
    public static string Configuration(Pod pod) => pod.Spec!.Volumes!.Single(static volume => volume.Name == "config").ConfigMap!.Name!;

    /// <summary>Where a group's master is asked, as name servers tell.</summary>
    public string Master(string group) => Admin.Registered![group][0];

    /// <summary>Where a name server's pod is asked.</summary>
    public async Task<string> NameServerAsync(string pod) =>
        $"{(await Client.GetAsync<Pod>(pod, Ns) ?? throw new InvalidOperationException($"There is no pod {pod}.")).Status!.PodIP}:9876";

    public async Task<string> ConfigurationAsync(string pod) =>
        Configuration(await Client.GetAsync<Pod>(pod, Ns) ?? throw new InvalidOperationException($"There is no pod {pod}."));

    /// <summary>The ConfigMaps a set's template names, but for the one that all brokers share.</summary>
    public async Task<string[]> ConfigurationMapsAsync(string set) =>
        [.. (await Client.GetAsync<StatefulSet>(set, Ns) ?? throw new InvalidOperationException($"There is no set {set}.")).Spec!.Template!.Spec!.Volumes!.Where(static volume => volume.Name == "config").Select(static volume => volume.ConfigMap!.Name!)];

    public Task GoneAsync<T>(string name)
        where T : class, IKubernetesObject =>
        Eventually.TrueAsync(async () => await Client.GetAsync<T>(name, Ns) is null, $"{typeof(T).Name} {name} is gone");

    /// <summary>The sum of what the operator serves in lines that begin so.</summary>
    public double Figure(string prefix) => Metrics.Split('\n').Where(line => line.StartsWith(prefix, StringComparison.Ordinal)).Sum(static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>Waits until the operator has looked at its clusters this many times more, and has written what it had to.</summary>
    public async Task PassesAsync(int count)
    {
        // Each pass over a cluster asks both of its name servers. What it writes comes after that: one that is under way already does not count.
        int before = Admin.Questions;
        long ended = EndedPasses();
        int clusters = (await Client.ListAsync<BrokerCluster>(new ListOptions { Namespace = Ns })).Items.Count;
        await Eventually.TrueAsync(() => Admin.Questions >= before + (2 * count) && EndedPasses() >= ended + (clusters * (count + 1)), $"{count} more passes");
    }

    /// <summary>Waits until nothing is left to do: those who play have looked, the operator has looked after them, and nobody has written. What was written until then is forgotten.</summary>
    public Task QuietAsync(TimeSpan? limit = null) => Eventually.TrueAsync(
        async () =>
        {
            Writes.Clear();
            await Workloads.LookedAsync();
            await PassesAsync(2);
            return Writes.IsEmpty;
        },
        "all is done and told",
        limit);

    /// <summary>The same passes where nothing is made, so that there is no name server to ask.</summary>
    public Task EndedPassesAsync(int count, TimeSpan? limit = null)
    {
        long ended = EndedPasses();
        return Eventually.TrueAsync(() => EndedPasses() > ended + count, $"{count} more passes", limit);
    }

    public async ValueTask DisposeAsync()
    {
        (Fault, OperatorFault) = (null, null);
        foreach (string resource in _standing.Keys)
        {
            GoOn(resource);
        }

        await StopOperatorAsync();
        await Workloads.DisposeAsync();
        IReadOnlyList<Role> roles = (await Client.ListAsync<Role>(new ListOptions { LabelSelector = ClusterLabels.Cluster })).Items;
        Client.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _refusals.Distinct().Should().BeEmpty("the roles of the chart allow all that the operator asks of the API server");
        roles.SelectMany(_rights.Excess).Should().BeEmpty("the API server lets nobody give rights that he has not");
    }

    private static async Task<OperatorWorld> StartReadyAsync(
        Action<BrokerClusterSpec> spec, Func<OperatorOptions, OperatorOptions>? configure)
    {
        OperatorWorld world = await StartAsync(configure);
        await world.CreateClusterAsync("a", spec);
        await world.ClusterAsync("a", "Ready", "True");
        return world;
    }

    /// <summary>Passes over clusters, however they ended.</summary>
    private long EndedPasses() => (long)Figure("rocketops_operator_reconciles_total{kind=\"BrokerCluster\"");

    private static List<Condition>? ConditionsOf(IKubernetesObject? read) => read switch
    {
        BrokerCluster cluster => cluster.Status?.Conditions,
        Topic topic => topic.Status?.Conditions,
        ConsumerGroup group => group.Status?.Conditions,
        _ => null,
    };

    private static bool Has(IEnumerable<Condition>? conditions, string type, string status, string? reason) =>
        Conditions.Find(conditions, type) is { } condition && condition.Status == status && (reason is null || condition.Reason == reason);

    private async Task ServeAsync(ApiCall call, HttpContext context, Func<Task> serve)
    {
        bool isOperator = context.Request.Headers.UserAgent != TestAgent;
        if (isOperator && _rights.Refusal(call) is { } refusal)
        {
            _refusals.Enqueue(refusal);
        }

        if (isOperator && call.Verb == "watch")
        {
            PacedStream.Pace(context, () => _standing.TryGetValue(call.Resource, out TaskCompletionSource? stands) ? stands.Task.WaitAsync(context.RequestAborted) : Task.CompletedTask);
        }

        await ((OnCall(call) ?? (isOperator ? OperatorFault?.Invoke(call) : null)) is { } fault ? fault.ApplyAsync(context, serve) : serve());
        if (Pulse.IsNews(call))
        {
            Pulse?.Beat(call.Resource);
        }

        // A patch that makes an object takes the right to make one.
        if (isOperator && call.Verb == "patch" && context.Response.StatusCode == StatusCodes.Status201Created && _rights.Refusal(call with { Verb = "create" }) is { } creation)
        {
            _refusals.Enqueue(creation);
        }
    }

    private ApiFault? OnCall(ApiCall call)
    {
        ApiFault? fault = Fault?.Invoke(call);
        if (call.Verb is "create" or "update" or "patch" or "delete" && call.Resource != "events")
        {
            Writes.Enqueue($"{call.Verb} {call.Resource}{(call.Subresource.Length > 0 ? "/" + call.Subresource : "")} {call.Name}");
        }

        return fault;
    }
}
