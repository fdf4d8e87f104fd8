using RocketOps.Election.Leases;
using RocketOps.Kubernetes.Client.Transport;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>A lease store with the connections it uses, closed together.</summary>
internal sealed class OwnedLeaseStore(ILeaseStore leases, KubernetesClient client) : ILeaseStore, IDisposable
{
    public Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken) => leases.ReadAsync(cancellationToken);

    public Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken) => leases.TryWriteAsync(record, expectedVersion, cancellationToken);

    public Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken) => leases.WatchAsync(seenVersion, patience, seen, cancellationToken);

    public void Dispose() => client.Dispose();
}
