using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Leadership;

/// <summary>The followers of a master in one epoch: one copy of each member. Not thread-safe.</summary>
internal sealed class FollowerTable(GroupRules rules, TimeProvider time)
{
    private readonly Dictionary<string, (MemberCopy Copy, FollowerProgress Progress)> _followers = new(StringComparer.Ordinal);

    public IEnumerable<MemberCopy> Copies => _followers.Values.Select(static follower => follower.Copy);

    /// <summary>A copy that had everything in the epoch before has time to come to this master.</summary>
    public void Expect(MemberCopy copy, long masterEnd) => _followers[copy.Member] = (copy, FollowerProgress.Begin(masterEnd, time.GetTimestamp()));

    public void Acknowledge(MemberCopy copy, long offset, long masterEnd)
    {
        long now = time.GetTimestamp();
        FollowerProgress progress = Find(copy) ?? FollowerProgress.Begin(masterEnd, now);
        _followers[copy.Member] = (copy, progress.Acknowledge(offset, masterEnd, now));
    }

    /// <summary>
    /// It has said nothing since it came back: it may have cut its log meanwhile. It is no later than it was, as a connection that stumbles under load is no reason to wait for it no longer.
    /// </summary>
    public void BeginAnew(MemberCopy copy)
    {
        if (Find(copy) is { } progress)
        {
            _followers[copy.Member] = (copy, progress with { Acknowledged = rules.HasWhenItJoins(progress.Acknowledged) });
        }
    }

    /// <summary>It is late from now on, and has said nothing.</summary>
    public void Forget(MemberCopy copy)
    {
        if (Find(copy) is not null)
        {
            _followers.Remove(copy.Member);
        }
    }

    /// <summary>−1 when it has said nothing in this epoch.</summary>
    public long AcknowledgedBy(MemberCopy copy) => Find(copy)?.Acknowledged ?? -1;

    /// <summary>Returns how long the copy has not had all that its master had; the longest time for a copy that is not known.</summary>
    public TimeSpan LagOf(MemberCopy copy) => Find(copy) is { } progress ? time.GetElapsedTime(progress.CaughtUpAt) : TimeSpan.MaxValue;

    private FollowerProgress? Find(MemberCopy copy) =>
        _followers.TryGetValue(copy.Member, out (MemberCopy Copy, FollowerProgress Progress) known) && known.Copy == copy ? known.Progress : null;
}

/// <summary>Progress of one follower, as the master knows it.</summary>
/// <param name="Acknowledged">Offset before which it has everything, in this epoch and since it has joined; −1 before it has said so.</param>
/// <param name="CaughtUpAt">Time stamp at which the master had no more than the follower has now.</param>
/// <param name="NextEnd">The master's end at <paramref name="NextAt"/>: the follower had caught up then when it has acknowledged that.</param>
/// <param name="NextAt">Time stamp.</param>
internal readonly record struct FollowerProgress(long Acknowledged, long CaughtUpAt, long NextEnd, long NextAt)
{
    public static FollowerProgress Begin(long masterEnd, long now) => new(-1, now, masterEnd, now);

    /// <summary>A follower that is a moment behind, as all are under load, is not late for that: it has caught up with what was there a moment ago.</summary>
    public FollowerProgress Acknowledge(long offset, long masterEnd, long now)
    {
        long acknowledged = Math.Max(Acknowledged, offset);
        return acknowledged >= masterEnd ? new FollowerProgress(acknowledged, now, masterEnd, now)
            : acknowledged >= NextEnd ? new FollowerProgress(acknowledged, NextAt, masterEnd, now)
            : this with { Acknowledged = acknowledged };
    }
}
