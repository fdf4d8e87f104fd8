using RocketOps.Replication.Leases;
using RocketOps.Replication.Rules;

namespace RocketOps.Replication.Leadership;

/// <summary>
/// Until when this master may acknowledge without asking anybody. Asking takes three loads and two clocks. Thread-safe; one thread at a time extends and closes it.
/// </summary>
internal sealed class Fence(GroupRules rules, LeaseTimings timings, TimeProvider time)
{
    // Each is a bound of its own: a reader that meets one of before an extension and one of after it is bounded by the narrower.
    private long _until = long.MinValue;
    private long _wallFrom = long.MaxValue;
    private long _wallUntil = long.MinValue;

    /// <summary>Whether an acknowledgement may be given now.</summary>
    public bool IsOpen => rules.MayAcknowledge(IsBeforeMonotonicEnd, IsWithinWallClock);

    /// <summary>
    /// Whether this member may prolong its lease still. A wall clock that was set shuts the fence and does not end a mastership: if the lease was not renewed in time, as after a suspension, the renewal meets another
    /// version of it, and if it was, the fence is open again.
    /// </summary>
    public bool Holds => IsBeforeMonotonicEnd;

    private bool IsBeforeMonotonicEnd => time.GetTimestamp() < Volatile.Read(ref _until);

    /// <summary>A wall clock before the renewal was set back since, and says nothing.</summary>
    private bool IsWithinWallClock => time.GetUtcNow().Ticks is var now && now >= Volatile.Read(ref _wallFrom) && now < Volatile.Read(ref _wallUntil);

    /// <summary>A renewal that was sent then has been written.</summary>
    public void Extend(LeaseRequest renewal)
    {
        TimeSpan validity = rules.Validity(timings);
        long since = rules.RenewedAt(renewal.SentAt, time.GetTimestamp());
        Volatile.Write(ref _wallFrom, renewal.SentWallClock.Ticks);
        Volatile.Write(ref _wallUntil, (renewal.SentWallClock + validity + time.GetElapsedTime(renewal.SentAt, since)).Ticks);
        Volatile.Write(ref _until, since + (long)(validity.TotalSeconds * time.TimestampFrequency));
    }

    public void Close()
    {
        Volatile.Write(ref _until, long.MinValue);
        Volatile.Write(ref _wallUntil, long.MinValue);
    }
}
