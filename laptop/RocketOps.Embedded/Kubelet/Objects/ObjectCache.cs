using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>
/// All objects of one kind as the informer has seen them, and the writes to them. A write returns when the informer has seen it, so that a controller never acts
/// twice because the watch lags behind.
/// </summary>
internal sealed class ObjectCache
{
    private static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(30);
    private static readonly WriteOptions Writes = new() { FieldManager = "rocketops-kubelet" };

    private readonly KubernetesType<KubernetesObject> _kind;
    private readonly IKubernetesClient _client;
    private readonly Informer<KubernetesObject> _informer;
    private readonly TimeProvider _time;

    public ObjectCache(KubernetesClient client, KubernetesType<KubernetesObject> kind, TimeProvider time, ILoggerFactory loggers)
    {
        _kind = kind;
        _client = client.For(kind);
        _informer = new Informer<KubernetesObject>(_client, time: time, logger: loggers.CreateLogger<Informer<KubernetesObject>>());
        _time = time;
        _informer.Subscribe(change => (change.Type == InformerEventType.Deleted ? Removed : Changed)?.Invoke(change.Object));
    }

    /// <summary>Called for each change, on the informer's own loop; handlers only enqueue. Set before it runs.</summary>
    public Action<KubernetesObject>? Changed { get; set; }

    /// <summary>Called with the last known state of an object that is gone.</summary>
    public Action<KubernetesObject>? Removed { get; set; }

    /// <summary>Completes when the first list is in.</summary>
    public Task WaitForSyncAsync(CancellationToken cancellation) => _informer.WaitForSyncAsync(cancellation);

    public Task RunAsync(CancellationToken cancellation) => _informer.RunAsync(cancellation);

    /// <summary>Those of a namespace, or all.</summary>
    public IReadOnlyList<KubernetesObject> List(string? ns = null) => _informer.List(ns);

    /// <summary>Those that this object manages.</summary>
    public IEnumerable<KubernetesObject> ControlledBy(KubernetesObject owner) => _informer.OwnedBy(owner.Uid).Where(item => item.IsControlledBy(owner));

    public KubernetesObject? Find(ObjectKey key) => _informer.Get(key);

    public KubernetesObject? Find(string ns, string name) => _informer.Get(ns, name);

    /// <summary>The object of this name as it is now, whatever the cache says.</summary>
    public Task<KubernetesObject?> ReadAsync(KubernetesObject item, CancellationToken cancellation) =>
        _client.GetAsync<KubernetesObject>(item.Name, item.Namespace, cancellation);

    public async Task<KubernetesObject> CreateAsync(JsonObject body, CancellationToken cancellation)
    {
        body["apiVersion"] = _kind.ApiVersion;
        body["kind"] = _kind.Kind;
        return await SeenAsync(await _client.CreateAsync(new KubernetesObject(JsonElement.Parse(body.ToJsonString())), Writes, cancellation), cancellation);
    }

    /// <summary>The same; null when there is one of the name already: being deleted, somebody else's, or not yet in the cache.</summary>
    public async Task<KubernetesObject?> TryCreateAsync(JsonObject body, CancellationToken cancellation)
    {
        try
        {
            return await CreateAsync(body, cancellation);
        }
        catch (KubernetesException exists) when (exists.IsAlreadyExists)
        {
            return null;
        }
    }

    /// <summary>Writes the fields of <paramref name="patch"/> (RFC 7396: null removes, lists are replaced whole).</summary>
    public async Task<KubernetesObject> PatchAsync(KubernetesObject target, JsonObject patch, CancellationToken cancellation) =>
        await SeenAsync(await _client.PatchAsync<KubernetesObject>(target.Name, target.Namespace, KubernetesPatch.Merge(patch), Writes, cancellation), cancellation);

    /// <summary>The same; null when the object has changed or gone meanwhile, of which its event tells.</summary>
    public async Task<KubernetesObject?> TryPatchAsync(KubernetesObject target, JsonObject patch, CancellationToken cancellation)
    {
        try
        {
            return await PatchAsync(target, patch, cancellation);
        }
        catch (KubernetesException refused) when (refused.IsConflict || refused.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// Writes the status if it says anything new, and nothing otherwise: a settled cluster makes no writes. Null removes a field. Nothing is written when the
    /// object has gone, nor to another one of its name: the cache may not have heard of that yet.
    /// </summary>
    public async Task WriteStatusAsync(KubernetesObject target, JsonObject status, CancellationToken cancellation)
    {
        try
        {
            if (!status.All(field => IsSaid(field.Value, target.Status.Field(field.Key))))
            {
                await SeenAsync(await PatchStatusAsync(target, status, cancellation), cancellation);
            }
        }
        catch (KubernetesException refused) when (refused.IsNotFound || refused.IsInvalid)
        {
            if ((await ReadAsync(target, cancellation))?.Uid == target.Uid)
            {
                throw;
            }
        }
    }

    /// <summary>The same without a look at what is there, and without waiting; the uid of another object is invalid.</summary>
    public Task<KubernetesObject> PatchStatusAsync(KubernetesObject target, JsonObject status, CancellationToken cancellation) => _client.PatchAsync<KubernetesObject>(
        target.Name, target.Namespace, KubernetesPatch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["uid"] = target.Uid }, ["status"] = status }),
        Writes with { Subresource = "status" }, cancellation);

    public Task PostAsync(KubernetesObject target, string subresource, JsonObject body, CancellationToken cancellation) =>
        _client.SendAsync(HttpMethod.Post, _kind.Path(target.Namespace, target.Name, subresource), body, cancellationToken: cancellation);

    /// <summary>Deletes the object with exactly this uid, or finds it gone. Its end is not waited for.</summary>
    public async Task DeleteAsync(KubernetesObject target, int? graceSeconds, CancellationToken cancellation)
    {
        DeleteOptions options = new()
        {
            PropagationPolicy = PropagationPolicy.Background,
            Preconditions = new Preconditions { Uid = target.Uid },
            GracePeriodSeconds = graceSeconds,
        };
        try
        {
            await _client.DeleteAsync<KubernetesObject>(target.Name, target.Namespace, options, cancellation);
        }
        catch (KubernetesException refused) when (refused.IsConflict)
        {
            // Another object took the name: the one that was meant is gone.
        }
    }

    /// <summary>A count that Kubernetes leaves out when it is zero.</summary>
    public static JsonNode? Count(int count) => count == 0 ? null : JsonValue.Create(count);

    private static bool IsSaid(JsonNode? wanted, JsonElement live) =>
        wanted is null ? !live.Exists() : live.Exists() && JsonNode.DeepEquals(wanted, live.ToNode());

    private async Task<KubernetesObject> SeenAsync(KubernetesObject written, CancellationToken cancellation)
    {
        await _informer.WaitForVersionAsync(written.Metadata.ResourceVersion ?? "", cancellation).WaitAsync(LongestLag, _time, cancellation);
        return written;
    }
}
