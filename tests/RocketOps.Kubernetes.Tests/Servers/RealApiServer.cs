using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;
using RocketOps.Testing.Kubernetes;
using RocketOps.Testing.Rings;

namespace RocketOps.Kubernetes.Tests.Servers;

/// <summary>One etcd and kube-apiserver of the kit for all tests of ring <c>cluster</c>.</summary>
public sealed class RealApiServer : IApiServer, IAsyncLifetime
{
    public const string Collection = "real API server";

    private readonly TempDirectory _directory = new("rocketops-kube-");
    private bool _isUp;

    public bool EvaluatesRules => true;

    private string State => _directory.File("state");

    public KubernetesClient CreateClient(KubernetesTypes? types = null)
    {
        string? reason = RingRules.Current.WhySkipGuest(RingRules.Cluster, SharedKits.WhyMissing(SharedKits.Kube));
        Skip.If(reason is not null, reason);
        return new KubernetesClient(KubernetesClientConfiguration.FromKubeconfig(Path.Combine(State, "admin.conf")), types ?? new KubernetesTypes());
    }

    public async Task InitializeAsync()
    {
        if (!RingRules.Current.IsAskedFor(RingRules.Cluster) || SharedKits.WhyMissing(SharedKits.Kube) is not null)
        {
            return;
        }

        _isUp = true;
        await KubeKit.UpApiAsync(Environment());
    }

    public async Task DisposeAsync()
    {
        if (_isUp)
        {
            await KubeKit.DownAsync(Environment());
        }

        _directory.Dispose();
    }

    private Dictionary<string, string> Environment() => new() { ["STATE"] = State };
}
