namespace RocketOps.Broker.Transactions;

/// <summary>
/// Age of messages in a queue, found from where the queue ended some time ago: clocks, the broker's own and those of the senders, may be
/// wrong or be set. Asked with each round; one thread.
/// </summary>
internal sealed class QueueAge(TimeProvider time)
{
    private (long End, long At)? _noted;
    private long _oldEnd;

    /// <summary>
    /// Finds where the queue ended at least <paramref name="age"/> ago; the time is at most twice as long, plus a round's.
    /// </summary>
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
