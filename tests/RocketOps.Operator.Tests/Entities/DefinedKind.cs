using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Entities;

/// <summary>A kind of objects of a cluster on an API server that has its definition: what that takes and refuses, in the words a user sees.</summary>
internal sealed class DefinedKind<T> : IAsyncDisposable
    where T : class, IKubernetesObject
{
    private readonly EmbeddedApiServer _server;
    private readonly KubernetesClient _client;
    private readonly JsonTypeInfo<T> _json;

    private DefinedKind(EmbeddedApiServer server, KubernetesClient client, JsonTypeInfo<T> json)
    {
        _server = server;
        _client = client;
        _json = json;
    }

    public static async Task<DefinedKind<T>> StartAsync(JsonTypeInfo<T> json)
    {
        EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        server.DefineAll();
        return new DefinedKind<T>(server, new KubernetesClient(server.Administrator, new KubernetesTypes().Add(json)), json);
    }

    /// <summary>Creates an object of a cluster q: the rest of its spec is given, as JSON.</summary>
    public Task<T> CreateAsync(string name, string spec)
    {
        JsonObject whole = JsonNode.Parse(spec)!.AsObject();
        whole["clusterRef"] = new JsonObject { ["name"] = "q" };
        JsonObject manifest = new() { ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" }, ["spec"] = whole };
        return CreateAsync(manifest.Deserialize(_json)!);
    }

    public Task<T> CreateAsync(T entity) => _client.CreateAsync(entity);

    /// <summary>What is said to a creation that is refused.</summary>
    public Task<KubernetesException> RefusesAsync(string name, string spec) => RefusedAsync(() => CreateAsync(name, spec));

    /// <summary>What is said to a change that is refused.</summary>
    public Task<KubernetesException> RefusesAsync(T changed) => RefusedAsync(() => _client.ReplaceAsync(changed));

    /// <summary>Those of the kind that are shipped.</summary>
    public IEnumerable<T> Samples() =>
        Yaml.ReadAll(File.ReadAllText(Repository.Path("deploy", "samples", "orders.yaml"))).Where(document => (string?)document["kind"] == _client.Types.Get<T>().Kind).Select(document => document.Deserialize(_json)!);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private static async Task<KubernetesException> RefusedAsync(Func<Task> write) => (await write.Should().ThrowAsync<KubernetesException>()).Which;
}
