using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Embedded.Kubelet.Containers;
using RocketOps.Embedded.Kubelet.Controllers;
using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Embedded.Kubelet.Network;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Embedded.Kubelet.Pods;
using RocketOps.Embedded.Kubelet.Probes;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Embedded.Kubelet.Volumes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;

namespace RocketOps.Embedded.Kubelet;

/// <summary>
/// The machine half of the embedded control plane: runs pods as local processes and brings the controllers a cluster
/// has (StatefulSets, Deployments, endpoints, claims). Talks to the API only over HTTP, so it works on any API server
/// that has no controllers of its own.
/// </summary>
public sealed partial class ProcessKubelet : IAsyncDisposable
{
    // Name servers and brokers of a killed run have seen the end of their input by now and are flushing.
    private static readonly TimeSpan OrphanGrace = TimeSpan.FromSeconds(10);

    // Somebody watches the counts grow; the server is not shared.
    private static readonly TimeSpan EventHeartbeat = TimeSpan.FromSeconds(5);

    // Each loop repeats what failed, and a start writes as fast as the machine allows: the API server is in this process.
    private static readonly KubernetesClientOptions ClientOptions =
        new() { UserAgent = "rocketops-kubelet", MaxAttempts = 1, RequestsPerSecond = 1000, Burst = 1000 };

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];
    private readonly List<ObjectCache> _caches = [];
    private readonly List<KeyLoop> _controllers = [];
    private readonly LoopbackNetwork _network;
    private readonly Prober _prober;
    private readonly PodManager _pods;
    private readonly ServiceProxy _proxy;
    private readonly KubernetesClient _client;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private int _stopped;

    private ProcessKubelet(
        ProcessKubeletOptions options,
        KubernetesClientConfiguration api,
        PodLogStore logs,
        ProcessLedger ledger,
        LoopbackNetwork network,
        AddressBook book,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        _network = network;
        _time = time;
        _loggers = loggers;
        _logger = loggers.CreateLogger<ProcessKubelet>();
        _client = new KubernetesClient(api, options: ClientOptions, time: time, logger: loggers.CreateLogger<KubernetesClient>());
        _prober = new Prober(time);
        HostsFile hosts = new(HostsPath(options.DataDirectory));
        EventRecorderOptions told = new() { ReportingController = "rocketops-kubelet", ReportingInstance = options.NodeName, SeriesHeartbeat = EventHeartbeat };
        EventRecorder events = new(_client, told, time, loggers.CreateLogger<EventRecorder>());
        _loops.Add(Task.Run(() => events.RunAsync(_stop.Token), CancellationToken.None));

        ObjectCache pods = Cache(Kinds.Pod);
        ObjectCache services = Cache(Kinds.Service);
        ObjectCache claims = Cache(Kinds.VolumeClaim);
        ObjectCache configMaps = Cache(Kinds.ConfigMap);
        ObjectCache secrets = Cache(Kinds.Secret);
        ObjectCache statefulSets = Cache(Kinds.StatefulSet);
        ObjectCache deployments = Cache(Kinds.Deployment);
        ObjectCache replicaSets = Cache(Kinds.ReplicaSet);
        ObjectCache slices = Cache(Kinds.EndpointSlice);
        ObjectCache budgets = Cache(Kinds.DisruptionBudget);

        ClaimFolders folders = new(Path.Combine(options.DataDirectory, "volumes"), claims);
        claims.Removed += folders.Delete;
        ConfigSources sources = new(configMaps, secrets, api.CertificateAuthorityPem);
        NodeServices node = new()
        {
            Options = options,
            Pods = pods,
            Network = network,
            Launches = new LaunchBuilder(new ImageCatalog(options.Programs), new VolumeMounter(sources, folders, api.Token), new EnvironmentBuilder(sources), hosts.Path, api.Server),
            Logs = logs,
            Ledger = ledger,
            Prober = _prober,
            Events = events,
            Time = time,
        };
        _pods = new PodManager(node, _logger);
        pods.Removed += _pods.Vanished;

        Loop("pods", _pods.ReconcileAsync, (pods, pod => pod.Key()));
        KeyLoop statefulSetsLoop = Loop(
            "statefulsets",
            new StatefulSetController(statefulSets, pods, claims, events, options.NodeName, time).ReconcileAsync,
            (statefulSets, set => set.Key()),
            (pods, pod => ControllerKey(pod, "StatefulSet")));
        KeyLoop replicaSetsLoop = Loop(
            "replicasets",
            new ReplicaSetController(replicaSets, pods, events, options.NodeName, time).ReconcileAsync,
            (replicaSets, set => set.Key()),
            (pods, pod => ControllerKey(pod, "ReplicaSet")));
        KeyLoop deploymentsLoop = Loop(
            "deployments",
            new DeploymentController(deployments, replicaSets, pods, events, time).ReconcileAsync,
            (deployments, deployment => deployment.Key()),
            (replicaSets, set => ControllerKey(set, "Deployment")));

        // Those without a controller may become anybody's.
        OnOrphans(pods, pod => EnqueueAll(statefulSets, pod.Namespace, statefulSetsLoop));
        OnOrphans(pods, pod => EnqueueAll(replicaSets, pod.Namespace, replicaSetsLoop));
        OnOrphans(replicaSets, set => EnqueueAll(deployments, set.Namespace, deploymentsLoop));
        KeyLoop claimsLoop = Loop("claims", new VolumeClaimController(claims, pods, folders, events).ReconcileAsync, (claims, claim => claim.Key()));
        KeyLoop slicesLoop = Loop(
            "endpointslices", new EndpointSliceController(services, pods, slices).ReconcileAsync, (services, service => service.Key()));
        KeyLoop budgetsLoop = Loop("budgets", new DisruptionBudgetController(budgets, pods).ReconcileAsync, (budgets, budget => budget.Key()));
        Loop("names", new ServiceHosts(services, pods, hosts).ReconcileAsync, (services, _ => ServiceHosts.Key), (pods, _ => ServiceHosts.Key));
        _proxy = new ServiceProxy(services, pods, slices, book, options.HostServiceLabels, options.ConnectTimeout, events, time, loggers.CreateLogger<ServiceProxy>());
        Loop("proxy", _proxy.ReconcileAsync, (services, service => service.Key()));
        OnPods(pods, pod => EnqueueAll(services, pod.Namespace, slicesLoop));
        OnPods(pods, pod => EnqueueAll(budgets, pod.Namespace, budgetsLoop));
        pods.Removed += pod => EnqueueAll(claims, pod.Namespace, claimsLoop);
        HostsFilePath = hosts.Path;
        NodeAddress = network.NodeAddress.ToString();
        NodeName = options.NodeName;
    }

    /// <summary>The file that stands for cluster DNS; the in-process operator resolves names by it as well.</summary>
    public string HostsFilePath { get; }

    public string NodeAddress { get; }

    public string NodeName { get; }

    /// <summary>The addresses on 127.0.0.1 of Services by <see cref="ProcessKubeletOptions.HostServiceLabels"/>, by namespace/name; current at each read.</summary>
    public IReadOnlyDictionary<string, string> HostAddresses => _proxy.HostAddresses;

    /// <summary>The number this data folder's addresses have in the middle: the same folder prefers the same ones, different ones rarely meet.</summary>
    public static byte PreferredSubnet(string dataDirectory) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(dataDirectory)))[0];

    /// <summary>Path of the hosts file of a data folder, also before the kubelet runs.</summary>
    public static string HostsPath(string dataDirectory) => Path.Combine(Path.GetFullPath(dataDirectory), "run", "hosts");

    /// <summary>Ends what a killed earlier run left behind, then starts.</summary>
    public static async Task<ProcessKubelet> StartAsync(
        ProcessKubeletOptions options, KubernetesClientConfiguration api, PodLogStore logs, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        string run = Path.Combine(options.DataDirectory, "run");
        Directory.CreateDirectory(run);
        ProcessLedger ledger = new(Path.Combine(run, "processes"), time, loggers.CreateLogger<ProcessLedger>());
        await ledger.EndOrphansAsync(OrphanGrace, cancellation);
        AddressBook book = AddressBook.Load(Path.Combine(options.DataDirectory, "addresses"), loggers.CreateLogger<AddressBook>());
        LoopbackNetwork network = LoopbackNetwork.Claim(PreferredSubnet(options.DataDirectory), book);
        ProcessKubelet kubelet = new(options, api, logs, ledger, network, book, time, loggers);
        try
        {
            await kubelet.StartAsync(cancellation);
            return kubelet;
        }
        catch
        {
            await kubelet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends all pods' processes in order, then the controllers. Objects stay as they are, not ready.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 1)
        {
            return;
        }

        await _pods.StopAsync();
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        await _proxy.DisposeAsync();
        _controllers.ForEach(loop => loop.Dispose());
        _client.Dispose();
        _prober.Dispose();
        _network.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private static ObjectKey? ControllerKey(KubernetesObject item, string kind) =>
        item.ControllerOwner() is { } owner && owner.Kind == kind ? new ObjectKey(item.Namespace, owner.Name) : null;

    private static void OnPods(ObjectCache pods, Action<KubernetesObject> action)
    {
        pods.Changed += action;
        pods.Removed += action;
    }

    private static void OnOrphans(ObjectCache cache, Action<KubernetesObject> action) => cache.Changed += item =>
    {
        if (item.ControllerOwner() is null)
        {
            action(item);
        }
    };

    private static void EnqueueAll(ObjectCache cache, string ns, KeyLoop loop)
    {
        foreach (KubernetesObject item in cache.List(ns))
        {
            loop.Enqueue(item.Key());
        }
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        await NodeRegistration.RegisterAsync(_client, NodeName, NodeAddress, _time.GetUtcNow(), cancellation);
        foreach (ObjectCache cache in _caches)
        {
            _loops.Add(Task.Run(() => cache.RunAsync(_stop.Token), CancellationToken.None));
        }

        await Task.WhenAll(_caches.Select(cache => cache.WaitForSyncAsync(cancellation)));

        // Only now: a controller that sees half of the objects would make the other half anew.
        foreach (KeyLoop loop in _controllers)
        {
            _loops.Add(Task.Run(() => loop.RunAsync(_stop.Token), CancellationToken.None));
        }
    }

    private ObjectCache Cache(KubernetesType<KubernetesObject> kind)
    {
        ObjectCache cache = new(_client, kind, _time, _loggers);
        _caches.Add(cache);
        return cache;
    }

    private KeyLoop Loop(
        string name, Func<ObjectKey, CancellationToken, Task<TimeSpan?>> reconcile, params ReadOnlySpan<(ObjectCache Cache, Func<KubernetesObject, ObjectKey?> Key)> triggers)
    {
        KeyLoop loop = new(name, reconcile, _time, _logger);
        _controllers.Add(loop);
        foreach ((ObjectCache cache, Func<KubernetesObject, ObjectKey?> key) in triggers)
        {
            Action<KubernetesObject> enqueue = item =>
            {
                if (key(item) is { } queued)
                {
                    loop.Enqueue(queued);
                }
            };
            cache.Changed += enqueue;
            cache.Removed += enqueue;
        }

        return loop;
    }
}
