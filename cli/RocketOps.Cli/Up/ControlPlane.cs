using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using RocketOps.Cli.Running;
using RocketOps.Embedded;
using RocketOps.Embedded.Kubelet;
using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Hosting.Hosts;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Settings;

namespace RocketOps.Cli.Up;

/// <summary>API server, kubelet and operator of one data folder, started and stopped in order.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    // The operator's label on all that belongs to name servers; what clients are to use of it has a cluster address.
    private static readonly Dictionary<string, string> NameServerLabels = new(StringComparer.Ordinal) { ["rocketops.io/component"] = "nameserver" };

    // The API, its clients and all brokers share one machine with whatever else it does, and its members are started again within seconds: what ends their leases is hardly ever a master that is gone.
    private static readonly TimeSpan GroupLease = TimeSpan.FromSeconds(15);

    private readonly EmbeddedApiServer _api;
    private readonly ProcessKubelet _kubelet;
    private readonly OperatorHost _operator;

    private ControlPlane(EmbeddedApiServer api, ProcessKubelet kubelet, OperatorHost @operator, KubernetesClient client)
    {
        _api = api;
        _kubelet = kubelet;
        _operator = @operator;
        Client = client;
    }

    public KubernetesClient Client { get; }

    public Uri Address => _api.Address;

    /// <summary>
    /// Addresses where programs of this machine reach the name servers, by the namespace/name of their Service; current at each read.
    /// </summary>
    public IReadOnlyDictionary<string, string> HostAddresses => _kubelet.HostAddresses;

    /// <summary>Its end before ours means that nothing is looked after any more.</summary>
    public OperatorHost Operator => _operator;

    public static async Task<ControlPlane> StartAsync(
        DataDirectory data, int port, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellation)
    {
        PodLogStore logs = new(data.PodLogs, maxFileBytes: 10 * 1024 * 1024, time);
        EmbeddedApiServer api = await StartApiAsync(
            new EmbeddedApiOptions
            {
                DataDirectory = data.Api,
                Port = port,
                ServiceSubnet = ProcessKubelet.PreferredSubnet(data.Path),
                PodLogs = logs,
                TimeProvider = time,
                LoggerFactory = loggers,
            },
            cancellation);
        KubernetesClientConfiguration configuration = new()
        {
            Server = api.Address,
            Token = api.Token,
            CertificateAuthorityPem = api.CaCertificatePem,
            Source = "rocketops up",
        };
        KubernetesClient client = new(configuration, time: time, logger: loggers.CreateLogger<KubernetesClient>());
        ProcessKubelet? kubelet = null;
        try
        {
            foreach (string crd in Crds())
            {
                api.AddCrd(crd);
            }

            api.WriteKubeconfig(data.Kubeconfig);
            LocalPrograms.ShareRuntime();
            kubelet = await ProcessKubelet.StartAsync(
                new ProcessKubeletOptions { DataDirectory = data.Path, Programs = LocalPrograms.Find(), HostServiceLabels = NameServerLabels }, configuration, logs, time, loggers, cancellation);

            // The operator and the demo's clients resolve names as the brokers do.
            Environment.SetEnvironmentVariable(HostResolver.HostsVariable, kubelet.HostsFilePath);
            ProcessKubelet addresses = kubelet;
            OperatorHost host = await OperatorHost.StartAsync(
                configuration,
                new OperatorOptions
                {
                    LeaderElection = false,
                    UpgradesClusters = true,
                    GroupLease = GroupLease,
                    ClientAddress = service => addresses.HostAddresses.GetValueOrDefault(service.ToString()),
                    ProgressInterval = TimeSpan.FromMilliseconds(200),
                },
                services =>
                {
                    services.Replace(ServiceDescriptor.Singleton(loggers));
                    services.TryAdd(ServiceDescriptor.Singleton(typeof(ILogger<>), typeof(Logger<>)));
                },
                cancellation);
            return new ControlPlane(api, kubelet, host, client);
        }
        catch
        {
            await DisposeSteps.RunAsync(async () => await (kubelet?.DisposeAsync() ?? ValueTask.CompletedTask), () => Done(client), async () => await api.DisposeAsync());
            throw;
        }
    }

    /// <summary>The operator first, or it would take the ending pods for failures; the API last, since the kubelet reports to it.</summary>
    public async ValueTask DisposeAsync() =>
        await DisposeSteps.RunAsync(
            async () => await _operator.DisposeAsync(), async () => await _kubelet.DisposeAsync(), () => Done(Client), async () => await _api.DisposeAsync());

    private static Task Done(KubernetesClient client)
    {
        client.Dispose();
        return Task.CompletedTask;
    }

    private static async Task<EmbeddedApiServer> StartApiAsync(EmbeddedApiOptions options, CancellationToken cancellation)
    {
        try
        {
            return await EmbeddedApiServer.StartAsync(options, cancellation);
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            throw new CommandFailedException($"port {options.Port} of 127.0.0.1 is taken. Choose another one with --port, or a free one by leaving --port away.", taken);
        }
    }

    private static IEnumerable<string> Crds()
    {
        System.Reflection.Assembly assembly = typeof(ControlPlane).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("crds/", StringComparison.Ordinal)))
        {
            using StreamReader reader = new(assembly.GetManifestResourceStream(name)!);
            yield return reader.ReadToEnd();
        }
    }
}
