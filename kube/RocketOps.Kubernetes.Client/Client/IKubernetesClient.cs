using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Client;

/// <summary>
/// The API server, typed. Namespaces are ignored for cluster-scoped kinds. All methods throw <see cref="KubernetesException"/> when the server refuses,
/// <see cref="HttpRequestException"/> when it cannot be reached and <see cref="TimeoutException"/> when it does not answer in time; what may be repeated
/// safely has been repeated by then.
/// </summary>
public interface IKubernetesClient
{
    KubernetesTypes Types { get; }

    Uri BaseAddress { get; }

    /// <summary>The namespace of the kubeconfig context or of the pod; <c>default</c> when neither says.</summary>
    string Namespace { get; }

    /// <returns>Null when there is no such object.</returns>
    Task<T?> GetAsync<T>(string name, string? ns = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <summary>All objects, read page by page.</summary>
    Task<KubernetesList<T>> ListAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <summary>One page: as many objects as <see cref="ListOptions.Limit"/> allows, from <see cref="ListOptions.Continue"/> on.</summary>
    Task<KubernetesList<T>> ListPageAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <summary>
    /// Changes from <see cref="WatchOptions.ResourceVersion"/> on, until the server ends the stream, which it does every few minutes. An expired version is
    /// a <see cref="KubernetesException"/> with code 410, whether the server says so at once or within the stream.
    /// </summary>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <summary>Not repeated after an ambiguous failure: give objects fixed names and take 409 AlreadyExists for done.</summary>
    Task<T> CreateAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <summary>Writes the whole object. Fields its type does not know are lost: for small, completely typed kinds such as leases only.</summary>
    Task<T> ReplaceAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <summary>Writes the whole status and nothing else.</summary>
    Task<T> ReplaceStatusAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    Task<T> PatchAsync<T>(string name, string? ns, KubernetesPatch patch, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <summary>
    /// Server-side apply of a complete intent: fields this manager applied before and that are missing now are removed. Give what was built, never what
    /// was read. The parts only the server sets (status, uid, resourceVersion, managed fields …) are left out unless <see cref="ApplyOptions"/> asks for them.
    /// </summary>
    Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <summary>Server-side apply of the status alone, complete.</summary>
    Task<T> ApplyStatusAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <returns>False when there was no such object.</returns>
    Task<bool> DeleteAsync<T>(string name, string? ns = null, DeleteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject;

    /// <summary>Asks for a pod's eviction. A disruption budget that forbids it answers 429 with cause <c>DisruptionBudget</c>; this is not repeated.</summary>
    Task EvictAsync(string name, string ns, DeleteOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// A request for anything else. The path starts without a slash and may carry a query. Nothing is repeated. The answer is null when the body is empty.
    /// </summary>
    Task<JsonNode?> SendAsync(
        HttpMethod method, string path, JsonNode? body = null, string contentType = KubernetesMediaTypes.Json, CancellationToken cancellationToken = default);

    /// <summary>A request whose answer is read by the caller, who disposes it: logs, metrics, health.</summary>
    Task<Stream> ReadStreamAsync(string path, CancellationToken cancellationToken = default);
}
