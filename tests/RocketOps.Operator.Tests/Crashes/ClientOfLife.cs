using System.Net;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// The client of one operator's controllers: what they read from the API server itself may fail. Nothing else does here: what their caches read and watch goes by another one, and writes meet their fates at the server.
/// </summary>
/// <param name="client">The client behind it.</param>
/// <param name="decide">What becomes of a read, given as text.</param>
internal sealed class ClientOfLife(IKubernetesClient client, Func<string, Fate> decide) : IKubernetesClient
{
    public KubernetesTypes Types => client.Types;

    public Uri BaseAddress => client.BaseAddress;

    public string Namespace => client.Namespace;

    public Task<T?> GetAsync<T>(string name, string? ns = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => Read($"get {typeof(T).Name} {name}", () => client.GetAsync<T>(name, ns, cancellationToken));

    public Task<KubernetesList<T>> ListAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => Read($"list {typeof(T).Name} {options?.LabelSelector}{options?.FieldSelector}", () => client.ListAsync<T>(options, cancellationToken));

    public Task<KubernetesList<T>> ListPageAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => Read($"list {typeof(T).Name} {options?.LabelSelector}{options?.FieldSelector}", () => client.ListPageAsync<T>(options, cancellationToken));

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => client.WatchAsync<T>(options, cancellationToken);

    public Task<Stream> ReadStreamAsync(string path, CancellationToken cancellationToken = default) => client.ReadStreamAsync(path, cancellationToken);

    public Task<T> CreateAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => client.CreateAsync(entity, options, cancellationToken);

    public Task<T> ReplaceAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => client.ReplaceAsync(entity, options, cancellationToken);

    public Task<T> ReplaceStatusAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => client.ReplaceStatusAsync(entity, options, cancellationToken);

    public Task<T> PatchAsync<T>(string name, string? ns, KubernetesPatch patch, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => client.PatchAsync<T>(name, ns, patch, options, cancellationToken);

    public Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => client.ApplyAsync(entity, options, cancellationToken);

    public Task<T> ApplyStatusAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => client.ApplyStatusAsync(entity, options, cancellationToken);

    public Task<bool> DeleteAsync<T>(string name, string? ns = null, DeleteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => client.DeleteAsync<T>(name, ns, options, cancellationToken);

    public Task EvictAsync(string name, string ns, DeleteOptions? options = null, CancellationToken cancellationToken = default) => client.EvictAsync(name, ns, options, cancellationToken);

    public Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonNode? body = null, string contentType = KubernetesMediaTypes.Json, CancellationToken cancellationToken = default) =>
        method == HttpMethod.Get
            ? Read($"get {path}", () => client.SendAsync(method, path, body, contentType, cancellationToken))
            : client.SendAsync(method, path, body, contentType, cancellationToken);

    private Task<TResult> Read<TResult>(string what, Func<Task<TResult>> read) => decide(what) switch
    {
        Fate.Serve => read(),

        // What the client throws when it has tried often enough.
        Fate.Throttle => Task.FromException<TResult>(Refusal(HttpStatusCode.TooManyRequests, "TooManyRequests")),
        Fate.Error => Task.FromException<TResult>(Refusal(HttpStatusCode.InternalServerError, "InternalError")),
        Fate.LoseAnswer => Task.FromException<TResult>(new TimeoutException("injected fault: no answer in time")),
        Fate other => throw new ArgumentOutOfRangeException(nameof(what), $"{other} is no fate of a read."),
    };

    private static KubernetesException Refusal(HttpStatusCode code, string reason) => new(code, new Status { Code = (int)code, Reason = reason, Message = "injected fault" });
}
