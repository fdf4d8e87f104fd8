using System.Globalization;
using RocketOps.Testing;
using RocketOps.Testing.Kubernetes;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// A real Kubernetes of three nodes on this machine, from the kit in <see cref="SharedKits.Kube"/>, with our images imported. Its own state directory and ports
/// keep it apart from clusters without nodes; a second one with nodes cannot run beside it.
/// </summary>
public sealed class KubeCluster : IAsyncLifetime
{
    /// <summary>For programs that wait for what is to come about in the cluster.</summary>
    public const string Timeout = "--timeout=10m";

    private const int ApiPort = 31443;

    /// <summary>The same for tests that look themselves: a busy machine takes its time, and waiting costs nothing when it has come.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Those come to their end first, and say what they waited for.</summary>
    private static readonly TimeSpan ScriptPatience = Patience + TimeSpan.FromMinutes(2);

    /// <summary>A new machine unpacks and installs first.</summary>
    private static readonly TimeSpan InstallPatience = TimeSpan.FromMinutes(30);

    private readonly TempDirectory _directory = new("cluster-ring-");
    private bool _running;

    /// <summary>The version that images and chart bear.</summary>
    public static string Version { get; } = typeof(KubeCluster).Assembly.GetName().Version!.ToString(3);

    /// <summary>While a test is written: the cluster in <c>STATE</c> is up, with our images, and stays.</summary>
    private static bool IsRunning { get; } = Environment.GetEnvironmentVariable("ROCKETOPS_KUBE") == "running";

    /// <summary>What the API server was asked, where the deep ring is asked for.</summary>
    public static string AuditLog => Path.Combine(State, "log", "audit.log");

    /// <summary>What tells programs of the cluster, and of its administrator.</summary>
    public static string Kubeconfig => Path.Combine(State, "admin.conf");

    private static string State { get; } = Environment.GetEnvironmentVariable("STATE") is { Length: > 0 } given ? given : "/var/lib/rocketops-cluster-tests";

    private static string Programs { get; } =
        Path.Combine(Environment.GetEnvironmentVariable("CACHE") is { Length: > 0 } given ? given : "/var/cache/rocketops-kube", "bin");

    private static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["STATE"] = State,
        ["KUBECONFIG"] = Kubeconfig,
        ["PATH"] = $"{SharedKits.Kube}:{Programs}:{Environment.GetEnvironmentVariable("PATH")}",
    };

    public async Task InitializeAsync()
    {
        if (WhyNot() is not null || IsRunning)
        {
            return;
        }

        string images = await ImagesAsync();
        _running = true;
        string[] audit = Depth.IsDeep ? ["--audit"] : [];
        await KubeKit.UpAsync(["--nodes", "3", "--api-port", ApiPort.ToString(CultureInfo.InvariantCulture), .. audit], InstallPatience, Variables);
        await KitAsync("load-image.sh", [.. Directory.GetFiles(images, "*.tar")]);
    }

    public async Task DisposeAsync()
    {
        if (_running)
        {
            await KubeKit.DownAsync(Variables);
        }

        _directory.Dispose();
    }

    /// <summary>Skips the test, with the reason, where no cluster can run; fails it where it must (<see cref="RingRules"/>).</summary>
    public static void Require()
    {
        string? reason = RingRules.Current.WhySkip(RingRules.Cluster, WhyNot());
        Skip.If(reason is not null, reason);
    }

    /// <summary>Returns when the condition holds. Asks twice a second: each look at the cluster starts a program.</summary>
    public static Task UntilAsync(Func<Task<bool>> condition, string what) => Eventually.TrueAsync(
        async () =>
        {
            bool holds = await condition();
            await (holds ? Task.CompletedTask : Task.Delay(LookPause));
            return holds;
        },
        what,
        Patience);

    /// <summary>Runs kubectl and returns what it printed; throws when it fails.</summary>
    public static async Task<string> KubectlAsync(params string[] arguments) =>
        (await Kubectl.RunAsync(arguments[0], () => RunAsync("kubectl", arguments))).EnsureSuccess().Output;

    /// <summary>Applies objects, as YAML.</summary>
    public static async Task ApplyAsync(string manifest)
    {
        using TempDirectory directory = new("manifest-");
        await File.WriteAllTextAsync(directory.File("manifest.yaml"), manifest);
        await KubectlAsync("apply", "-f", directory.File("manifest.yaml"));
    }

    /// <summary>Where clients find the name servers of a cluster in the namespace "default": this machine is part of the network and reaches Services and pods by their addresses, as a pod would.</summary>
    public static async Task<string> NameServerAsync(string name) => $"{(await KubectlAsync("get", "service", $"{name}-nameserver", "-o", "jsonpath={.spec.clusterIP}")).Trim()}:9876";

    public static async Task<string> HelmAsync(params string[] arguments) => (await RunAsync("helm", arguments)).EnsureSuccess().Output;

    /// <summary>Runs a program of the kit, or of the machine, with the cluster's environment.</summary>
    public static Task<ProcessResult> RunAsync(string program, params string[] arguments)
    {
        string ofKit = Path.Combine(Programs, program);
        return ChildProcess.RunAsync(File.Exists(ofKit) ? ofKit : program, arguments, ScriptPatience, Variables, SharedKits.RepositoryRoot);
    }

    /// <summary>Runs the kit's program for nodes: <c>kill node-2</c>, <c>start node-2</c>, <c>ctr node-2 …</c>.</summary>
    public static Task NodeAsync(params string[] arguments) => KitAsync("kube-node.sh", arguments);

    /// <summary>To the API server's process: <c>STOP</c> lets it stand still, with every connection to it, <c>CONT</c> lets it go on.</summary>
    public static async Task SignalApiServerAsync(string signal)
    {
        string process = (await File.ReadAllTextAsync(Path.Combine(State, "pids", "kube-apiserver"))).Split(' ')[0];
        (await RunAsync("kill", $"-{signal}", process)).EnsureSuccess();
    }

    /// <summary>What a person would look at first, for failure messages.</summary>
    public static async Task<string> DescribeAsync()
    {
        ProcessResult objects = await RunAsync("kubectl", "get", "brokerclusters,topics,all,pvc", "-A", "-o", "wide");
        ProcessResult events = await RunAsync("kubectl", "get", "events", "-A", "--sort-by=.lastTimestamp");
        ProcessResult logs = await RunAsync("kubectl", "logs", "-n", "rocketops-system", "-l", "app.kubernetes.io/component=operator", "--tail=60");
        ProcessResult brokers = await RunAsync("kubectl", "logs", "-l", "app.kubernetes.io/managed-by=rocketops-operator", "--prefix", "--tail=20");
        return $"{objects}\n{string.Join('\n', events.Output.Split('\n').TakeLast(40))}\n{logs}\n{brokers}";
    }

    private static string? WhyNot()
    {
        if (SharedKits.WhyMissing(SharedKits.Kube) is { } missing)
        {
            return missing;
        }

        return Environment.UserName == "root" ? null : "a cluster with nodes needs root";
    }

    private static async Task KitAsync(string script, params string[] arguments)
    {
        ProcessResult result = await ChildProcess.RunAsync(Path.Combine(SharedKits.Kube, script), arguments, ScriptPatience, Variables);
        result.EnsureSuccess();
    }

    /// <summary>The folder with our images: built before by whoever set <c>ROCKETOPS_IMAGES</c>, or now.</summary>
    private async Task<string> ImagesAsync()
    {
        if (Environment.GetEnvironmentVariable("ROCKETOPS_IMAGES") is { Length: > 0 } built)
        {
            return built;
        }

        string folder = _directory.File("images");
        ProcessResult result = await ChildProcess.RunAsync(Path.Combine(SharedKits.RepositoryRoot, ".ci", "images"), [folder], InstallPatience);
        result.EnsureSuccess();
        return folder;
    }
}
