namespace RocketOps.Broker.Pulling;

/// <summary>Counts what pulls have delivered since the start.</summary>
internal sealed class PullCounters(TimeProvider time)
{
    private long _messages;
    private long _messagesOfUsers;
    private long _bytes;
    private long _found;
    private long _missed;
    private long _maxMs;

    public long Messages => Volatile.Read(ref _messages);

    /// <summary>Messages of topics that are not RocketMQ's own.</summary>
    public long MessagesOfUsers => Volatile.Read(ref _messagesOfUsers);

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Pulls answered with messages.</summary>
    public long Found => Volatile.Read(ref _found);

    /// <summary>Pulls answered without.</summary>
    public long Missed => Volatile.Read(ref _missed);

    /// <summary>Longest read of a pull that found messages, in milliseconds; the wait of a parked pull does not count.</summary>
    public long MaxMs => Volatile.Read(ref _maxMs);

    /// <summary>The time to give to <see cref="CountFound"/> later.</summary>
    public long Begin() => time.GetTimestamp();

    public void CountFound(in PullArguments pull, int messages, int bytes, long begunAt)
    {
        long ms = (long)time.GetElapsedTime(begunAt).TotalMilliseconds;
        for (long max = MaxMs; ms > max; max = MaxMs)
        {
            Interlocked.CompareExchange(ref _maxMs, ms, max);
        }

        pull.Traffic?.CountRead(messages, bytes);
        if (!pull.Topic.IsSystem)
        {
            Interlocked.Add(ref _messagesOfUsers, messages);
        }

        Interlocked.Add(ref _messages, messages);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _found);
    }

    public void CountMissed() => Interlocked.Increment(ref _missed);
}
