namespace RocketOps.Election.Leadership;

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
