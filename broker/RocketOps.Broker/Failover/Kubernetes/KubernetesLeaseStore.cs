using System.Text.Json.Nodes;
using RocketOps.Election.Leases;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>
/// The group's record as a <c>coordination.k8s.io/v1</c> Lease, written by compare-and-swap of its resourceVersion. A missing one is made by PUT: unlike POST that names it, so the right to do it can be
/// limited to this one Lease. Thread-safe.
/// </summary>
internal sealed class KubernetesLeaseStore : ILeaseStore
{
    private static readonly TimeSpan MinWatch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxWatch = TimeSpan.FromHours(1);

    private readonly NamedObject _lease;
    private readonly string _namespace;
    private readonly string _name;
    private readonly TimeProvider _time;

    // The Lease of the last answer, so that a write of the same version need not read it again.
    private volatile KubernetesObject? _last;

    /// <param name="client">Reaches the server; not owned.</param>
    /// <param name="ns">Namespace of the Lease.</param>
    /// <param name="name">Its name, one for each group.</param>
    /// <param name="time">Measures waiting.</param>
    public KubernetesLeaseStore(KubernetesClient client, string ns, string name, TimeProvider time)
    {
        _lease = new NamedObject(client, GroupObjects.Lease, ns, name);
        _namespace = ns;
        _name = name;
        _time = time;
    }

    /// <summary>Record in the Lease of the last answer; null when there was no Lease, or when it held no record.</summary>
    public LeaseRecord? LastSeen => _last is { } last ? LeaseManifest.Read(last.Json, out _) : null;

    public async Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken)
    {
        KubernetesObject? lease = await GetAsync(cancellationToken);
        return lease is null ? null : new VersionedLease(RecordOf(lease), VersionOf(lease));
    }

    public async Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken)
    {
        LeaseRecord? before = null;
        JsonObject lease;
        if (expectedVersion is null)
        {
            lease = LeaseManifest.New(_namespace, _name);
        }
        else
        {
            KubernetesObject? read = _last is { } last && VersionOf(last) == expectedVersion ? last : await GetAsync(cancellationToken);
            if (read is null || VersionOf(read) != expectedVersion)
            {
                return null;
            }

            before = LeaseManifest.Read(read.Json, out _);
            lease = JsonObject.Create(read.Json)!;

            // The uid stays: of a Lease that was deleted, the server makes a new one from a write that has a version alone. Who wrote what it knows by itself.
            lease.Ensure("metadata").Remove("managedFields");
        }

        LeaseManifest.Write(record, before, lease);
        KubernetesObject? written = await AskAsync(() => _lease.TryReplaceAsync(lease, cancellationToken));
        if (written is null)
        {
            // Somebody was faster; or made it, and what has no version may not replace what is there; or deleted it.
            return null;
        }

        _last = written;
        return VersionOf(written);
    }

    public async Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(patience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);

        // The server ends it first, as it has whole seconds, which leaves the connection for the next one.
        TimeSpan ended = TimeSpan.FromTicks(Math.Clamp(patience.Ticks, MinWatch.Ticks, MaxWatch.Ticks));
        try
        {
            // What a write relies on stays what reads and writes answered: an event can be older.
            await _lease.WatchAsync(seenVersion, ended, lease => seen(lease is null ? null : new VersionedLease(RecordOf(lease), VersionOf(lease))), either.Token);
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

    private async Task<KubernetesObject?> GetAsync(CancellationToken cancellationToken)
    {
        KubernetesObject? lease = await AskAsync(() => _lease.ReadAsync(cancellationToken));
        _last = lease ?? _last;
        return lease;
    }

    private LeaseRecord RecordOf(KubernetesObject lease) => LeaseManifest.Read(lease.Json, out string? fault) ?? throw new LeaseStoreException(
        $"Lease {_namespace}/{_name} holds no record of a group: {fault}. Somebody edited or made it by hand. Put back what was there, or delete it (kubectl delete lease -n {_namespace} {_name}): "
        + "the members then make a new one once all of them are there.");

    private static string VersionOf(KubernetesObject lease) =>
        lease.Metadata.ResourceVersion ?? throw new LeaseStoreException("The API server answered with a Lease without resourceVersion; it is no Kubernetes API.");

    private static async Task<KubernetesObject?> AskAsync(Func<Task<KubernetesObject?>> request)
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
