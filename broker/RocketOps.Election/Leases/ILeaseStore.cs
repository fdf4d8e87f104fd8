namespace RocketOps.Election.Leases;

/// <summary>
/// Keeps one record for each group, outside of its members, so that of two writers that read the same version only one succeeds. Thread-safe. All three throw
/// <see cref="LeaseStoreException"/> when the store does not answer, or with what is no record; a write may then have happened or happen still.
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

    /// <summary>
    /// Shows every state of the record that becomes known after <paramref name="seenVersion"/>, renewals too, until the patience is over or the watch ends by itself. What it shows may be behind what a read answers, may be shown
    /// twice, and of states in quick succession perhaps only the last is.
    /// </summary>
    /// <param name="seenVersion">Null when none is known: what is there now is shown first.</param>
    /// <param name="patience">How long it lasts; at least a second.</param>
    /// <param name="seen">Told each state, null when the record is gone; one at a time, on any thread. Must not throw.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken);
}
