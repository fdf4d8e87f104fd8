using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using RocketOps.Election.Leases;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>
/// The group's record as a <c>coordination.k8s.io/v1</c> Lease, written by compare-and-swap of its resourceVersion. A missing one is made by PUT: unlike POST that names it, so the right to do it can be
/// limited to this one Lease. Thread-safe.
/// </summary>
internal sealed class KubernetesLeaseStore : ILeaseStore
{
    private const string Versions = "metadata.resourceVersion";

    private const int MaxWatchSeconds = 3600;

    private readonly KubernetesApi _api;
    private readonly string _namespace;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly string _collection;
    private readonly string _path;

    // The Lease of the last answer, so that a write of the same version need not read it again. Never changed: each write works on a copy.
    private volatile JsonObject? _last;

    /// <param name="api">Reaches the server; not owned.</param>
    /// <param name="ns">Namespace of the Lease.</param>
    /// <param name="name">Its name, one for each group.</param>
    /// <param name="time">Measures waiting.</param>
    public KubernetesLeaseStore(KubernetesApi api, string ns, string name, TimeProvider time)
    {
        _api = api;
        _namespace = ns;
        _name = name;
        _time = time;
        _collection = $"apis/coordination.k8s.io/v1/namespaces/{Uri.EscapeDataString(ns)}/leases";
        _path = $"{_collection}/{Uri.EscapeDataString(name)}";
    }

    /// <summary>Record in the Lease of the last answer; null when there was no Lease, or when it held no record.</summary>
    public LeaseRecord? LastSeen => _last is { } last ? LeaseManifest.Read(last, out _) : null;

    public async Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken)
    {
        JsonObject? lease = await GetAsync(cancellationToken);
        return lease is null ? null : new VersionedLease(RecordOf(lease), VersionOf(lease));
    }

    public async Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken)
    {
        JsonObject lease;
        if (expectedVersion is null)
        {
            lease = LeaseManifest.New(_namespace, _name);
        }
        else
        {
            JsonObject? read = _last is { } last && VersionOf(last) == expectedVersion ? last : await GetAsync(cancellationToken);
            if (read is null || VersionOf(read) != expectedVersion)
            {
                return null;
            }

            lease = (JsonObject)read.DeepClone();

            // The uid stays: of a Lease that was deleted, the server makes a new one from a write that has a version alone. Who wrote what it knows by itself.
            JsonFields.Object(lease, "metadata")?.Remove("managedFields");
        }

        LeaseManifest.Write(record, lease);
        KubernetesAnswer answer = await AskAsync(() => _api.PutAsync(_path, lease, cancellationToken));
        if (answer.IsSuccess)
        {
            _last = answer.Body;
            return VersionOf(answer.Body);
        }

        // Somebody was faster; or made it, and what has no version may not replace what is there; or deleted it.
        return answer.Code is HttpStatusCode.Conflict or HttpStatusCode.NotFound || (expectedVersion is null && NamesVersion(answer.Body))
            ? null
            : throw new LeaseStoreException($"The API server does not take Lease {_namespace}/{_name}: {answer.Message}") { IsRefusal = answer.IsRefusal };
    }

    public async Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(patience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);

        // The server ends it first, as it has whole seconds, which leaves the connection for the next one.
        string query = string.Create(
            CultureInfo.InvariantCulture, $"?watch=true&fieldSelector=metadata.name%3D{Uri.EscapeDataString(_name)}&timeoutSeconds={(int)Math.Clamp(patience.TotalSeconds, 1, MaxWatchSeconds)}");
        try
        {
            await _api.WatchAsync(_collection + query + (seenVersion is null ? string.Empty : $"&resourceVersion={Uri.EscapeDataString(seenVersion)}"), (type, body) => Show(type, body, seen), either.Token);
        }
        catch (KubernetesApiException failure)
        {
            throw new LeaseStoreException(failure.Message, failure);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The patience is over, which is an answer.
        }
    }

    /// <summary>Shows an event of the watch. What a write relies on stays what reads and writes answered: an event can be older.</summary>
    private void Show(string type, JsonObject body, Action<VersionedLease?> seen)
    {
        switch (type)
        {
            case "ADDED" or "MODIFIED":
                seen(new VersionedLease(RecordOf(body), VersionOf(body)));
                break;
            case "DELETED":
                seen(null);
                break;
            case "ERROR":
                throw new LeaseStoreException($"The API server has ended the watch of Lease {_namespace}/{_name}: {JsonFields.Text(body, "message") ?? "it does not say why"}");
        }
    }

    private async Task<JsonObject?> GetAsync(CancellationToken cancellationToken)
    {
        // Without a version in the query: the newest there is, not what a cache has.
        KubernetesAnswer answer = await AskAsync(() => _api.GetAsync(_path, cancellationToken));
        if (answer.IsSuccess)
        {
            _last = answer.Body;
            return answer.Body;
        }

        return answer.Code == HttpStatusCode.NotFound ? null : throw new LeaseStoreException($"Lease {_namespace}/{_name} cannot be read: {answer.Message}") { IsRefusal = answer.IsRefusal };
    }

    private LeaseRecord RecordOf(JsonObject lease) => LeaseManifest.Read(lease, out string? fault) ?? throw new LeaseStoreException(
        $"Lease {_namespace}/{_name} holds no record of a group: {fault}. Somebody edited or made it by hand. Put back what was there, or delete it (kubectl delete lease -n {_namespace} {_name}): "
        + "the members then make a new one once all of them are there.");

    private static string VersionOf(JsonObject lease) =>
        JsonFields.Text(JsonFields.Object(lease, "metadata"), "resourceVersion") ?? throw new LeaseStoreException("The API server answered with a Lease without resourceVersion; it is no Kubernetes API.");

    /// <summary>Tells whether a refusal is about the missing version: the Lease exists.</summary>
    private static bool NamesVersion(JsonObject status) =>
        JsonFields.Object(status, "details")?["causes"] is JsonArray causes && causes.Any(static cause => JsonFields.Text(cause as JsonObject, "field") == Versions);

    private static async Task<KubernetesAnswer> AskAsync(Func<Task<KubernetesAnswer>> request)
    {
        try
        {
            return await request();
        }
        catch (KubernetesApiException failure)
        {
            throw new LeaseStoreException(failure.Message, failure) { IsRefusal = failure.IsRefusal };
        }
    }
}
