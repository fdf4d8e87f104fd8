using RocketOps.Election.Members;

namespace RocketOps.Election.Leadership;

/// <summary>
/// Finds what nobody reports, as nothing fails: a log that waits for the disk and does not get on, and an epoch that was won and does not begin. What counts is the time that this member's looks have seen pass, so a process
/// that stood still, or was not scheduled, does not take the disk for hung when it goes on. Not thread-safe.
/// </summary>
internal sealed class HangWatch(MemberContext context)
{
    /// <summary>An epoch that has not begun in time is given at most eight times as long when it is tried again: it may be slow, and not hang.</summary>
    private const int MaxDoublings = 3;

    private readonly TimeSpan _mostOfALook = context.Options.Lease.Renew / 2;
    private long _lookedAt = context.Time.GetTimestamp();
    private long _end = -1;
    private TimeSpan _logStands;
    private long _epoch;
    private TimeSpan _begins;
    private int _notBegun;

    /// <summary>Finds why this member is to leave the lease to others; null when it is not. To be called with each tick.</summary>
    public string? Look(Leader leader)
    {
        TimeSpan passed = Passed();
        LookAtLog(passed);
        TimeSpan beginTime = context.Options.HangTime * (1 << _notBegun);
        LookAtEpoch(leader, passed);
        if (leader is { Epoch: not null, IsReplaceable: false })
        {
            return null;
        }

        if (context.Rules.HangsTooLong(_logStands, context.Options.HangTime))
        {
            return $"its log waits for the disk, which has done nothing for {context.Options.HangTime.TotalMilliseconds} ms";
        }

        if (context.Rules.BeginsTooLate(_begins, beginTime))
        {
            _notBegun = Math.Min(_notBegun + 1, MaxDoublings);
            return $"epoch {_epoch} has not begun here after {beginTime.TotalMilliseconds} ms; the disk is slow, or hangs";
        }

        return null;
    }

    private TimeSpan Passed()
    {
        long now = context.Time.GetTimestamp();
        TimeSpan passed = context.Time.GetElapsedTime(_lookedAt, now);
        _lookedAt = now;
        return passed < _mostOfALook ? passed : _mostOfALook;
    }

    private void LookAtLog(TimeSpan passed)
    {
        // Asked first: what is written in between has moved the end.
        bool waits = context.Host.WaitsForDisk;
        long end = context.Host.LogEnd.Offset;
        _logStands = waits && end == _end ? _logStands + passed : TimeSpan.Zero;
        _end = end;
    }

    private void LookAtEpoch(Leader leader, TimeSpan passed)
    {
        // Another member's epoch counts as well: what is to end is that members which are all slow pass the lease on for ever.
        bool hasBegun = leader.HasBegun || (leader.Epoch is null && context.Host.MasterSilence < context.Options.Lease.Duration);
        _notBegun = hasBegun ? 0 : _notBegun;
        _begins = leader.Epoch is { } epoch && epoch == _epoch && !leader.HasBegun ? _begins + passed : TimeSpan.Zero;
        _epoch = leader.Epoch ?? 0;
    }
}
