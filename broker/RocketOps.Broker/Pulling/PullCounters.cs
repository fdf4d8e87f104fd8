namespace RocketOps.Broker.Pulling;

/// <summary>Counts what pulls have delivered since the start.</summary>
internal sealed class PullCounters
{
    private long _messages;
    private long _bytes;
    private long _found;
    private long _missed;

    public long Messages => Volatile.Read(ref _messages);

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Pulls answered with messages.</summary>
    public long Found => Volatile.Read(ref _found);

    /// <summary>Pulls answered without.</summary>
    public long Missed => Volatile.Read(ref _missed);

    public void CountFound(int messages, int bytes)
    {
        Interlocked.Add(ref _messages, messages);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _found);
    }

    public void CountMissed() => Interlocked.Increment(ref _missed);
}
