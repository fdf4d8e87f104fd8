using RocketOps.Cli.Tests.Support;
using RocketOps.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Up;

/// <summary>Tests that share a <c>rocketops up</c>, one after another: each leaves it as it found it, but for topics and groups of its own.</summary>
[CollectionDefinition(nameof(RunningCluster))]
public sealed class RunningClusterTests : ICollectionFixture<RunningCluster>;

/// <summary><c>rocketops up</c> with a cluster of two brokers and nothing else in it.</summary>
public sealed class RunningCluster : IAsyncLifetime
{
    private const string Manifest = """
        apiVersion: rocketops.io/v1beta1
        kind: BrokerCluster
        metadata: { name: own, namespace: default }
        spec:
          nameServer: { replicas: 1 }
          brokers: { groups: 2, replicas: 1, storage: { size: 1Gi } }
        """;

    private UpProcess? _up;

    /// <summary>For whatever is waited for.</summary>
    public static TimeSpan Deadline => TimeSpan.FromMinutes(5);

    /// <summary>Of its name server.</summary>
    public string NameServers { get; private set; } = string.Empty;

    internal OwnCluster Own { get; } = new(Manifest, Deadline);

    public async Task InitializeAsync()
    {
        _up = await Own.UpAsync();
        NameServers = UpOutput.NameServers(_up.Output);
    }

    public async Task DisposeAsync()
    {
        if (_up is not null)
        {
            await _up.InterruptAsync();
            await _up.ExitCodeAsync(Deadline);
            await _up.DisposeAsync();
        }

        Own.Dispose();
    }

    /// <summary>A client of its API.</summary>
    internal KubernetesClient Api() => new(KubernetesClientConfiguration.FromKubeconfig(Own.Kubeconfig));

    /// <summary>A client of its name server and brokers.</summary>
    internal RocketMqAdmin Admin() => new(new AdminOptions { NameServers = NameServers, ConnectTimeout = CliRun.Patience, RequestTimeout = CliRun.Patience });
}
