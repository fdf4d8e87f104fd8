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

/// <summary>A request to the lease store that is under way, or was.</summary>
/// <param name="Id">Answers name it; those of requests that were given up are ignored.</param>
/// <param name="SentAt">Time stamp of the monotonic clock, from before it was sent.</param>
/// <param name="SentWallClock">As <paramref name="SentAt"/>, by the wall clock.</param>
/// <param name="Record">What it writes; null when it reads.</param>
/// <param name="ExpectedVersion">What it replaces; null when it creates, or reads.</param>
internal sealed record LeaseRequest(long Id, long SentAt, DateTimeOffset SentWallClock, LeaseRecord? Record, string? ExpectedVersion);

/// <summary>A lease as it was read or written.</summary>
/// <param name="Record">What it says.</param>
/// <param name="Version">Of the store that keeps it; changes with every write of anybody, and is compared for equality only.</param>
public sealed record VersionedLease(LeaseRecord Record, string Version);

/// <summary>The lease store did not answer, or not what it should: the text says what to do. Whether a write happened is unknown, unless <see cref="IsRefusal"/>.</summary>
public sealed class LeaseStoreException(string message, Exception? reason = null) : Exception(message, reason)
{
    /// <summary>The store has said no: a write has not happened, and never will.</summary>
    public bool IsRefusal { get; init; }
}
