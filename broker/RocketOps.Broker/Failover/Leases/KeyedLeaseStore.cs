using RocketOps.Election.Leases;

namespace RocketOps.Broker.Failover.Leases;

/// <summary>
/// A lease store as a member of a group writes to it: every record has the key digests of the one it replaces, and the member's own. So whoever writes carries on what the others have written, and the rules, which make the
/// records, need not know of keys. Thread-safe.
/// </summary>
/// <param name="leases">The store; not owned.</param>
/// <param name="member">Whose entry is written.</param>
/// <param name="digest">Of its key.</param>
/// <param name="members">All of the group: their entries go before others' where there are too many.</param>
internal sealed class KeyedLeaseStore(ILeaseStore leases, string member, string digest, IReadOnlyList<string> members) : ILeaseStore
{
    /// <summary>Number of retries: so many members may write theirs at the same moment.</summary>
    private const int MaxAttempts = 3;

    // What was read or written last: a watch shows what a later write replaces.
    private volatile VersionedLease? _answered;
    private volatile VersionedLease? _seen;

    /// <summary>The lease as it was last read, written or shown. One that is gone is the last there was: who founds the group anew goes on with its keys.</summary>
    public LeaseRecord? Seen => _seen?.Record;

    /// <summary>
    /// Returns what is known of a member's key: the digest that was read or written last, and the one that was shown last, which may be
    /// newer, or older by what was written of keys since the last renewal. Empty when neither has one.
    /// </summary>
    public IReadOnlyList<string> DigestsOf(string name) => [.. ((VersionedLease?[])[_answered, _seen]).Select(lease => lease?.Record.KeyDigests.GetValueOrDefault(name)).OfType<string>().Distinct(StringComparer.Ordinal)];

    public async Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken)
    {
        VersionedLease? lease = await leases.ReadAsync(cancellationToken);
        NoteAnswer(lease);
        return lease;
    }

    /// <summary>
    /// The version is that of what the rules have seen: where only keys were written since, the record is still that one, and is replaced. Otherwise a member that writes its digest would spoil a renewal, or the release of a lease that
    /// is handed over, which nobody makes again.
    /// </summary>
    public async Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken)
    {
        VersionedLease? replaced = expectedVersion is null ? null : await FindAsync(expectedVersion, cancellationToken);
        if (expectedVersion is not null && replaced is null)
        {
            return null;
        }

        for (int attempt = 0; ; attempt++)
        {
            LeaseRecord written = record with { KeyDigests = KeyDigests.With((replaced?.Record ?? Seen ?? record).KeyDigests, member, digest, members) };
            if (await leases.TryWriteAsync(written, replaced?.Version, cancellationToken) is { } version)
            {
                NoteAnswer(new VersionedLease(written, version));
                return version;
            }

            if (replaced is null || attempt == MaxAttempts || await ReadAsync(cancellationToken) is not { } now || !IsSameButForKeys(replaced.Record, now.Record))
            {
                return null;
            }

            replaced = now;
        }
    }

    public Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken) => leases.WatchAsync(
        seenVersion,
        patience,
        lease =>
        {
            if (lease is not null && !IsBehind(lease.Record, _answered?.Record))
            {
                _seen = lease;
            }

            seen(lease);
        },
        cancellationToken);

    /// <summary>Null when that version is not there any more, and what it was is not known.</summary>
    private async Task<VersionedLease?> FindAsync(string version, CancellationToken cancellationToken) =>
        _answered is { } answered && answered.Version == version ? answered
        : _seen is { } seen && seen.Version == version ? seen
        : await ReadAsync(cancellationToken) is { } now && now.Version == version ? now
        : null;

    /// <summary>Shown late: a later renewal was read or written meanwhile.</summary>
    private static bool IsBehind(LeaseRecord shown, LeaseRecord? answered) =>
        answered is not null && (shown.Epoch < answered.Epoch || (shown.Epoch == answered.Epoch && shown.RenewTime < answered.RenewTime));

    private static bool IsSameButForKeys(LeaseRecord one, LeaseRecord other) =>
        one with { InSync = other.InSync, KeyDigests = other.KeyDigests } == other && one.InSync.SequenceEqual(other.InSync);

    private void NoteAnswer(VersionedLease? lease)
    {
        _answered = lease;
        _seen = lease ?? _seen;
    }
}
