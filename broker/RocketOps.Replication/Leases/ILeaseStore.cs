namespace RocketOps.Replication.Leases;

/// <summary>
/// Keeps one record for each group, outside of its members, so that of two writers that read the same version only one succeeds. Thread-safe. All three throw
/// <see cref="LeaseStoreException"/> when the store does not answer; a write may then have happened or happen still.
/// </summary>
public interface ILeaseStore
{
    /// <summary>The record as it is now, never an older one; null when there is none.</summary>
    Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Writes the record and returns its version; null when the one there is not of that version any more.</summary>
    /// <param name="record">The whole record.</param>
    /// <param name="expectedVersion">The version it replaces; null when there must be none.</param>
    /// <param name="cancellationToken">Gives up waiting; says nothing of whether it was written.</param>
    Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken);

    /// <summary>Completes when the record may have changed, at the latest after <paramref name="patience"/>. May complete for nothing.</summary>
    Task WaitForChangeAsync(string? seenVersion, TimeSpan patience, CancellationToken cancellationToken);
}
