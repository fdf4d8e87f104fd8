using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;

namespace RocketOps.Kubernetes.Tests.Servers;

/// <summary>The embedded control plane's API, in memory.</summary>
public sealed class EmbeddedServer : IApiServer, IAsyncLifetime
{
    /// <summary>Past changes that it remembers.</summary>
    public const int Window = 128;

    private EmbeddedApiServer? _server;

    public bool EvaluatesRules => false;

    public KubernetesClient CreateClient(KubernetesTypes? types = null) => new(
        new KubernetesClientConfiguration { Server = _server!.Address, CertificateAuthorityPem = _server.CaCertificatePem, Token = _server.Token },
        types ?? new KubernetesTypes(),
        new KubernetesClientOptions { RequestsPerSecond = 10_000, Burst = 10_000 });

    public async Task InitializeAsync() => _server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions { WatchWindow = Window });

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
