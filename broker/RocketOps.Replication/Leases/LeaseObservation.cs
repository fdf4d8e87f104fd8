namespace RocketOps.Replication.Leases;

/// <summary>
/// The lease as this member last saw it, and since when it has not changed, by this member's own monotonic clock. The time is taken when a change arrives, which is after it was
/// made: an observer never takes a lease for expired before its holder does. Not thread-safe.
/// </summary>
internal sealed class LeaseObservation(TimeProvider time)
{
    private long _changedAt;

    /// <summary>Null when there is none, or nothing was seen yet.</summary>
    public VersionedLease? Lease { get; private set; }

    /// <summary>The store has answered at least once.</summary>
    public bool HasSeen { get; private set; }

    /// <summary>Time stamp of the last answer of the store, whatever it was.</summary>
    public long ReadAt { get; private set; }

    /// <summary>For how long the holder has not renewed it.</summary>
    public TimeSpan Age => time.GetElapsedTime(_changedAt);

    public void See(VersionedLease? lease)
    {
        if (!HasSeen || lease is null != Lease is null || (lease is not null && !lease.Record.IsSameRenewal(Lease!.Record)))
        {
            _changedAt = time.GetTimestamp();
        }

        Lease = lease;
        HasSeen = true;
        ReadAt = time.GetTimestamp();
    }
}
