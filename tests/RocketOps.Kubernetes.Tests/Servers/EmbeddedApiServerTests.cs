using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Tests.Servers;

public sealed class EmbeddedApiServerTests(EmbeddedServer server) : ApiServerTests(server), IClassFixture<EmbeddedServer>
{
    private readonly EmbeddedServer _server = server;

    /// <summary>A real server keeps too much history to bring it about quickly.</summary>
    [Fact]
    public async Task Watch_FromAVersionBeyondTheWindow_IsExpired()
    {
        using KubernetesClient client = _server.CreateClient();
        ConfigMap map = await client.CreateAsync(new ConfigMap { Metadata = new ObjectMeta { Name = "busy", Namespace = "default" } });
        string? old = map.Metadata.ResourceVersion;
        for (int i = 0; i < EmbeddedServer.Window + 1; i++)
        {
            map.Data = new() { ["i"] = $"{i}" };
            map = await client.ReplaceAsync(map);
        }

        Func<Task> watch = async () =>
        {
            await foreach (WatchEvent<ConfigMap> change in client.WatchAsync<ConfigMap>(new WatchOptions { ResourceVersion = old, Timeout = TimeSpan.FromSeconds(60) }))
            {
                throw new InvalidOperationException($"{change.Type} came instead of the error.");
            }
        };

        (await watch.Should().ThrowAsync<KubernetesException>()).Which.IsExpired.Should().BeTrue();
    }
}
