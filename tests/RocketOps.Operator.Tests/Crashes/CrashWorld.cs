using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>A namespace with played workloads, brokers in memory, and an operator that is started again whenever it has ended.</summary>
internal sealed class CrashWorld : IAsyncDisposable
{
    /// <summary>How long each wait may take: many worlds share the processor, and these tests are not run again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly CrashServer _server;
    private readonly CacheLags? _lags;
    private readonly WorldSteps _steps = new();
    private readonly OperatorOptions _options;
    private readonly Lock _gate = new();
    private readonly List<OperatorLife> _lives = [];
    private Task _starting = Task.CompletedTask;
    private readonly ConcurrentQueue<string> _written = new();
    private readonly ConcurrentQueue<string> _stolen = new();
    private int _writes;

    public CrashWorld(CrashServer server, string ns, CacheLags? lags)
    {
        _server = server;
        _lags = lags;
        Ns = ns;
        Pulse = server.PulseOf(ns);
        Workloads = new Workloads(Client, Admin, ns, Pulse) { KeepsAddresses = true, LookedInVain = _steps.LookedInVain };
        _options = new OperatorOptions
        {
            Namespaces = [ns],
            LeaderElection = false,
            Images = new OperatorImages("test/broker:1", "test/nameserver:1"),
            ProgressInterval = TimeSpan.FromMilliseconds(30),
            ResyncInterval = TimeSpan.FromMilliseconds(100),
            RouteRefreshGrace = TimeSpan.Zero,
            MasterRestartPause = TimeSpan.Zero,
            ConfigRefreshGrace = TimeSpan.Zero,
            AdminTimeout = Eventually.DefaultDeadline,

            // Each pass asks for it once, when it says what it has seen; null for the usual one.
            ClientAddress = _ =>
            {
                _steps.Pass();
                return null;
            },
        };
    }

    public string Ns { get; }

    /// <summary>Beats with every write.</summary>
    public Pulse Pulse { get; }

    public KubernetesClient Client => _server.Client;

    public FakeAdmin Admin { get; } = new();

    public Workloads Workloads { get; }

    /// <summary>Played members of groups that elect their master, by group; none unless a scenario asked for them.</summary>
    public Dictionary<string, ElectedMembers> Elected { get; } = new(StringComparer.Ordinal);

    /// <summary>What becomes of writes; null: they are served.</summary>
    public WritePlan? Plan { get; set; }

    /// <summary>Writes that operators made or tried.</summary>
    public int Writes => Volatile.Read(ref _writes);

    /// <summary>The last operator that was cut off and has not come back.</summary>
    public OperatorLife? CutOff { get; private set; }

    /// <summary>Configurations that an operator deleted while a pod that is there starts with them.</summary>
    public IReadOnlyCollection<string> Stolen => _stolen;

    /// <summary>The last writes of operators, and what became of them.</summary>
    public string Written => string.Join("; ", _written.TakeLast(60));

    /// <summary>The groups of cluster "a" elect their masters, as many as there will ever be.</summary>
    public void PlayElections(int groups = 1)
    {
        for (int group = 0; group < groups; group++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"a-{group}");
            Elected[name] = new ElectedMembers(Client, name, Ns, Pulse);
        }

        Workloads.Registration = (pod, cancellationToken) => Elected[pod[..pod.LastIndexOf('-')]].RegistrationAsync(pod, cancellationToken);
    }

    public Task StartOperatorAsync()
    {
        OperatorLife life;
        lock (_gate)
        {
            life = new OperatorLife(string.Create(CultureInfo.InvariantCulture, $"{Ns}/{_lives.Count}"), Decide, read => Plan?.OfRead(read) ?? Fate.Serve, DeletedAsync, Replace, _lags is null ? null : TurnsOf);
            _lives.Add(life);
        }

        _server.Register(life);
        return life.StartAsync(_server.Configuration, _options, Admin);
    }

    /// <summary>Waits until nothing is left to do: who plays pods and brokers looks at the cluster and changes nothing, and operators look at it after that and write nothing.</summary>
    public async Task QuietAsync()
    {
        int writes;
        long changes;
        do
        {
            await StartedAsync();
            writes = Writes;
            changes = Pulse.AllChanges;
            await Workloads.LookedAsync();

            // As long as there are clusters each pass asks every name server.
            int clusters = (await Client.ListAsync<BrokerCluster>(new ListOptions { Namespace = Ns })).Items.Count;
            int questions = Admin.Questions;
            await WaitAsync(() => Task.FromResult(clusters == 0 || Admin.Questions >= questions + 6), "passes");
        }
        while (writes != Writes || changes != Pulse.AllChanges);
    }

    public async Task WaitAsync(Func<Task<bool>> condition, string what)
    {
        try
        {
            await Eventually.TrueAsync(condition, what, Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; plan: {(Plan as FateOfOne)?.Write}; {_lags}; workloads: {Workloads.Failure}; members: {string.Join(", ", Elected.Values.Select(static members => members.Failure).OfType<Exception>())}; start: {_starting.Exception}; state:\n{await EndState.OfAsync(this)}", late);
        }
    }

    /// <summary>Waits for the newest generation of an object to be ready.</summary>
    public Task ReadyAsync<T>(string name, Func<T, (long? Generation, List<Condition>? Conditions)> status)
        where T : class, IKubernetesObject =>
        WaitAsync(
            async () => await Client.GetAsync<T>(name, Ns) is { } live && status(live).Generation == live.Metadata.Generation && Conditions.IsTrue(status(live).Conditions, "Ready"),
            $"{typeof(T).Name} {name} is ready");

    public Task ClusterReadyAsync(string name = "a") => ReadyAsync<BrokerCluster>(name, static cluster => (cluster.Status?.ObservedGeneration, cluster.Status?.Conditions));

    public Task TopicReadyAsync(string name = "t") => ReadyAsync<Topic>(name, static topic => (topic.Status?.ObservedGeneration, topic.Status?.Conditions));

    public Task CreateClusterAsync(Action<BrokerClusterSpec>? configure = null)
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = Ns } };
        configure?.Invoke(cluster.Spec);
        return Client.CreateAsync(cluster);
    }

    public Task CreateTopicAsync(Action<TopicSpec>? configure = null, string name = "t")
    {
        Topic topic = new() { Metadata = new ObjectMeta { Name = name, Namespace = Ns } };
        topic.Spec.ClusterRef.Name = "a";
        configure?.Invoke(topic.Spec);
        return Client.CreateAsync(topic);
    }

    public Task ChangeClusterAsync(Action<BrokerClusterSpec> change) => ChangeAsync<BrokerCluster>("a", cluster => change(cluster.Spec));

    public Task ChangeTopicAsync(Action<TopicSpec> change) => ChangeAsync<Topic>("t", topic => change(topic.Spec));

    public Task GoneAsync<T>(string? name = null)
        where T : class, IKubernetesObject =>
        WaitAsync(async () => (await Client.ListAsync<T>(new ListOptions { Namespace = Ns })).Items.All(left => name is not null && left.Name() != name), $"{typeof(T).Name} {name} is gone");

    public async ValueTask DisposeAsync()
    {
        Plan = null;
        await StartedAsync();
        foreach (OperatorLife life in _lives)
        {
            await life.DisposeAsync();
        }

        foreach (ElectedMembers members in Elected.Values)
        {
            await members.DisposeAsync();
        }

        await Workloads.DisposeAsync();
        _server.Leave(Ns);
    }

    /// <summary>Ends the operator that was cut off, as nobody needs it any more.</summary>
    public async Task EndCutOffAsync()
    {
        if (CutOff is { } old)
        {
            CutOff = null;
            await old.DisposeAsync();
        }
    }

    public Task ChangeAsync<T>(string name, Action<T> change)
        where T : class, IKubernetesObject =>
        WaitAsync(() => Client.TryChangeAsync(name, Ns, change), $"{name} can be changed");

    private async Task StartedAsync()
    {
        Task starting;
        do
        {
            lock (_gate)
            {
                starting = _starting;
            }

            await starting;
        }
        while (starting != _starting);
    }

    private Func<Task> TurnsOf(string resource, CancellationToken cancellationToken) => _lags!.TurnsOf(resource, _steps, cancellationToken);

    private Fate Decide(string write)
    {
        Interlocked.Increment(ref _writes);
        Fate fate = Plan?.Of(write) ?? Fate.Serve;
        _written.Enqueue(fate == Fate.Serve ? write : $"{write} ({fate})");
        return fate;
    }

    private async Task DeletedAsync(ApiCall call)
    {
        if (call.Resource != "configmaps")
        {
            return;
        }

        foreach (Pod pod in (await Client.ListAsync<Pod>(new ListOptions { Namespace = Ns })).Items)
        {
            if (pod.Spec?.Volumes?.Exists(volume => volume.ConfigMap is { Optional: not true } map && map.Name == call.Name) == true)
            {
                _stolen.Enqueue($"{call.Name} of {pod.Name()}");
            }
        }
    }

    /// <summary>An operator ended or was cut off: another one takes over.</summary>
    private void Replace(OperatorLife lost)
    {
        lock (_gate)
        {
            CutOff = lost;
            Task before = _starting;
            _starting = Task.Run(async () =>
            {
                await before;
                await StartOperatorAsync();
                if (lost.IsDead)
                {
                    await lost.DisposeAsync();
                }
            });
        }
    }
}
