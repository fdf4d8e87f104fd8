namespace RocketOps.Election.Leases;

/// <summary>
/// The lease as this member last saw it, and since when it has not changed, by this member's own monotonic clock. The time is taken when a change arrives, which is after it was
/// made: an observer never takes a lease for expired before its holder does. Not thread-safe.
/// </summary>
internal sealed class LeaseObservation(LeaseTimings timings, TimeProvider time)
{
    private long _changedAt;
    private long _answersSince;

    /// <summary>Null when there is none, or nothing was seen yet.</summary>
    public VersionedLease? Lease { get; private set; }

    /// <summary>The store has answered at least once.</summary>
    public bool HasSeen { get; private set; }

    /// <summary>Time stamp of the last that was heard of the store, whatever it was.</summary>
    public long ReadAt { get; private set; }

    /// <summary>Somebody has it, whether renewed or not.</summary>
    public bool IsHeld => Lease is { Record.Holder.Length: > 0 };

    /// <summary>Time since the store was heard of last; the longest time when it never was.</summary>
    public TimeSpan Silence => HasSeen ? time.GetElapsedTime(ReadAt) : TimeSpan.MaxValue;

    /// <summary>Time for which the holder has not renewed it.</summary>
    public TimeSpan Age => time.GetElapsedTime(_changedAt);

    /// <summary>
    /// True when it is the holder's fault, and not the store's, that the lease was not renewed: the store is heard of, and has been for as
    /// long as a holder needs that reaches it again. After an outage everybody would otherwise take the lease of a master that is about to
    /// renew it.
    /// </summary>
    public bool IsHolderSilent => Silence < timings.Duration && time.GetElapsedTime(_answersSince) >= 2 * timings.Renew;

    /// <summary>Tells whether that is a later renewal of the lease that was seen, by the same holder.</summary>
    public bool IsRenewal(LeaseRecord lease) =>
        Lease is { Record: var known } && lease.Holder.Length > 0 && lease.Epoch == known.Epoch && lease.IsHeldBy(known.Holder) && lease.RenewTime > known.RenewTime;

    public void See(VersionedLease? lease)
    {
        if (Silence >= timings.Duration)
        {
            _answersSince = time.GetTimestamp();
        }

        if (!HasSeen || lease is null != Lease is null || (lease is not null && !lease.Record.IsSameRenewal(Lease!.Record)))
        {
            _changedAt = time.GetTimestamp();
        }

        Lease = lease;
        HasSeen = true;
        ReadAt = time.GetTimestamp();
    }
}
