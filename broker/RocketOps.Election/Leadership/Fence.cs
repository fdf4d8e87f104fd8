using RocketOps.Election.Members;

namespace RocketOps.Election.Leadership;

/// <summary>
/// Until when a master may acknowledge by what it knows: that its lease was renewed, or that all copies follow it. Asking takes three loads and two clocks. Thread-safe; one thread at a time opens and closes it.
/// </summary>
internal sealed class Fence(GroupRules rules, TimeProvider time)
{
    // Each is a bound of its own: a reader that meets one of before it is opened anew and one of after that is bounded by the narrower.
    private long _until = long.MinValue;
    private long _wallFrom = long.MaxValue;
    private long _wallUntil = long.MinValue;

    /// <summary>True when an acknowledgement may be given now.</summary>
    public bool IsOpen => rules.MayAcknowledge(IsBeforeMonotonicEnd, IsWithinWallClock);

    /// <summary>
    /// True when this member may still prolong its lease. A wall clock that was set shuts the fence and does not end a mastership: if the
    /// lease was not renewed in time, as after a suspension, the renewal meets another version of it, and if it was, the fence is open
    /// again.
    /// </summary>
    public bool Holds => IsBeforeMonotonicEnd;

    private bool IsBeforeMonotonicEnd => time.GetTimestamp() < Volatile.Read(ref _until);

    /// <summary>A wall clock before the renewal was set back since, and says nothing.</summary>
    private bool IsWithinWallClock => time.GetUtcNow().Ticks is var now && now >= Volatile.Read(ref _wallFrom) && now < Volatile.Read(ref _wallUntil);

    /// <summary>Opens the fence from that moment on, by both clocks, for that time.</summary>
    public void Open(long since, DateTimeOffset sinceWallClock, TimeSpan validity)
    {
        Volatile.Write(ref _wallFrom, sinceWallClock.Ticks);
        Volatile.Write(ref _wallUntil, (sinceWallClock + validity).Ticks);
        Volatile.Write(ref _until, since + (long)(validity.TotalSeconds * time.TimestampFrequency));
    }

    public void Close()
    {
        Volatile.Write(ref _until, long.MinValue);
        Volatile.Write(ref _wallUntil, long.MinValue);
    }
}
