using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Kubelet.Objects;

public sealed class ObjectCacheTests
{
    private const string Deployment =
        """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","namespace":"default"},
         "spec":{"selector":{"matchLabels":{"app":"a"} },"template":{"metadata":{"labels":{"app":"a"} },"spec":{"containers":[{"name":"c","image":"i"}]} } } }
        """;

    /// <summary>A controller decides by the cache: what it found out about an object that has gone says nothing of its namesake.</summary>
    [Fact]
    public async Task WriteStatus_AnotherObjectHasTheName_LeavesThatAlone()
    {
        await using EmbeddedApiServer api = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        KubernetesClientConfiguration configuration = new() { Server = api.Address, Token = api.Token, CertificateAuthorityPem = api.CaCertificatePem };
        using KubernetesClient client = new(configuration);
        ObjectCache cache = new(client, Kinds.Deployment, TimeProvider.System, NullLoggerFactory.Instance);
        using CancellationTokenSource ending = new();
        Task running = cache.RunAsync(ending.Token);
        IKubernetesClient deployments = client.For(Kinds.Deployment);
        KubernetesObject gone = await deployments.CreateAsync(new KubernetesObject(JsonElement.Parse(Deployment)));
        await deployments.DeleteAsync<KubernetesObject>("a", "default");
        await Eventually.TrueAsync(async () => await deployments.GetAsync<KubernetesObject>("a", "default") is null, "the first is gone");
        await cache.WriteStatusAsync(gone, new JsonObject { ["readyReplicas"] = 1, ["replicas"] = 1 }, CancellationToken.None);
        KubernetesObject fresh = await deployments.CreateAsync(new KubernetesObject(JsonElement.Parse(Deployment)));

        await cache.WriteStatusAsync(gone, new JsonObject { ["readyReplicas"] = 1, ["replicas"] = 1 }, CancellationToken.None);

        (await deployments.GetAsync<KubernetesObject>("a", "default"))!.Status.Int("readyReplicas").Should().BeNull();
        await cache.WriteStatusAsync(fresh, new JsonObject { ["readyReplicas"] = 1, ["replicas"] = 1 }, CancellationToken.None);
        (await deployments.GetAsync<KubernetesObject>("a", "default"))!.Status.Int("readyReplicas").Should().Be(1);
        await ending.CancelAsync();
        await running;
    }
}
