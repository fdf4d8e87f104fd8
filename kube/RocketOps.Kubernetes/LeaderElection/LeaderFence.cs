using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.LeaderElection;

/// <summary>
/// A client that writes while this process leads, by its own clock, and no longer: one that stood still for longer than its lease lasts, with its host or its processor, goes on in the middle of what it did, before its
/// election notices. What was sent before is fenced by the versions of objects alone. Reads go on.
/// </summary>
public sealed class LeaderFence : IKubernetesClient
{
    private readonly IKubernetesClient _client;
    private readonly WriteGuard _guard;

    /// <param name="client">The client behind it.</param>
    /// <param name="guard">Asked before each write.</param>
    public LeaderFence(IKubernetesClient client, WriteGuard guard)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(guard);
        _client = client;
        _guard = guard;
    }

    public KubernetesTypes Types => _client.Types;

    public Uri BaseAddress => _client.BaseAddress;

    public string Namespace => _client.Namespace;

    public Task<T?> GetAsync<T>(string name, string? ns = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _client.GetAsync<T>(name, ns, cancellationToken);

    public Task<KubernetesList<T>> ListAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _client.ListAsync<T>(options, cancellationToken);

    public Task<KubernetesList<T>> ListPageAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _client.ListPageAsync<T>(options, cancellationToken);

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _client.WatchAsync<T>(options, cancellationToken);

    public Task<Stream> ReadStreamAsync(string path, CancellationToken cancellationToken = default) => _client.ReadStreamAsync(path, cancellationToken);

    public Task<T> CreateAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _guard.RunAsync(() => _client.CreateAsync(entity, options, cancellationToken));

    public Task<T> ReplaceAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _guard.RunAsync(() => _client.ReplaceAsync(entity, options, cancellationToken));

    public Task<T> ReplaceStatusAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _guard.RunAsync(() => _client.ReplaceStatusAsync(entity, options, cancellationToken));

    public Task<T> PatchAsync<T>(string name, string? ns, KubernetesPatch patch, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _guard.RunAsync(() => _client.PatchAsync<T>(name, ns, patch, options, cancellationToken));

    public Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _guard.RunAsync(() => _client.ApplyAsync(entity, options, cancellationToken));

    public Task<T> ApplyStatusAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _guard.RunAsync(() => _client.ApplyStatusAsync(entity, options, cancellationToken));

    public Task<bool> DeleteAsync<T>(string name, string? ns = null, DeleteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => _guard.RunAsync(() => _client.DeleteAsync<T>(name, ns, options, cancellationToken));

    public Task EvictAsync(string name, string ns, DeleteOptions? options = null, CancellationToken cancellationToken = default) => _guard.RunAsync(() => _client.EvictAsync(name, ns, options, cancellationToken));

    public Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonNode? body = null, string contentType = KubernetesMediaTypes.Json, CancellationToken cancellationToken = default) =>
        method == HttpMethod.Get || method == HttpMethod.Head
            ? _client.SendAsync(method, path, body, contentType, cancellationToken)
            : _guard.RunAsync(() => _client.SendAsync(method, path, body, contentType, cancellationToken));
}
