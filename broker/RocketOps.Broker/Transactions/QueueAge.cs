namespace RocketOps.Broker.Transactions;

/// <summary>
/// What lies in a queue for longer than some time, by where the queue ended then: clocks, the broker's own and those of who sent, may be wrong or be set. Asked with each round; one thread.
/// </summary>
internal sealed class QueueAge(TimeProvider time)
{
    private (long End, long At)? _noted;
    private long _oldEnd;

    /// <summary>Where the queue ended at least <paramref name="age"/> ago; a time that is at most twice as long, and a round's.</summary>
    /// <param name="end">Where it ends now.</param>
    /// <param name="age">Zero or more.</param>
    public long FindOldEnd(long end, TimeSpan age)
    {
        if (_noted is { } noted && time.GetElapsedTime(noted.At) < age)
        {
            return _oldEnd;
        }

        _oldEnd = _noted?.End ?? 0;
        _noted = (end, time.GetTimestamp());
        return _oldEnd;
    }
}
