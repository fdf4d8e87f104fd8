namespace RocketOps.Broker.Statistics.History;

/// <summary>
/// Counters of what one group reads of one topic, and what it sends back: counted where pulls are answered, with no more than additions.
/// Also how far its members have read in each queue, which is ahead of what they have consumed. Counting is thread-safe; the histories are
/// the sampler's.
/// </summary>
internal sealed class GroupTraffic
{
    /// <summary>Queues whose reading is followed; of further ones only the consumed offset is known. Bounds what a member's queue ids can make the broker keep.</summary>
    private const int MostQueues = 1024;

    private readonly Lock _growing = new();
    private long[] _pullOffsets = [];
    private long _messages;
    private long _bytes;
    private long _pulls;
    private long _sentBack;

    public TrafficHistory Reads { get; } = new();

    public TrafficHistory SendBacks { get; } = new();

    public Traffic Read => new(Volatile.Read(ref _messages), Volatile.Read(ref _bytes), Volatile.Read(ref _pulls));

    public Traffic SentBack
    {
        get
        {
            long sentBack = Volatile.Read(ref _sentBack);
            return new Traffic(sentBack, 0, sentBack);
        }
    }

    /// <summary>Counts a pull that was answered with messages.</summary>
    public void CountRead(int messages, int bytes)
    {
        Interlocked.Add(ref _messages, messages);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _pulls);
    }

    /// <summary>Counts a message that a member could not consume and sent back.</summary>
    public void CountSentBack() => Interlocked.Increment(ref _sentBack);

    /// <summary>A member has been given everything before the offset.</summary>
    public void NotePull(int queueId, long nextOffset)
    {
        long[] offsets = Volatile.Read(ref _pullOffsets);
        if ((uint)queueId < (uint)offsets.Length)
        {
            Volatile.Write(ref offsets[queueId], nextOffset);
        }
        else if ((uint)queueId < MostQueues)
        {
            NotePullSlow(queueId, nextOffset);
        }
    }

    /// <summary>The offset up to which members have been given the queue's messages since the start; 0 when unknown.</summary>
    public long PullOffsetOf(int queueId)
    {
        long[] offsets = Volatile.Read(ref _pullOffsets);
        return (uint)queueId < (uint)offsets.Length ? Volatile.Read(ref offsets[queueId]) : 0;
    }

    private void NotePullSlow(int queueId, long nextOffset)
    {
        lock (_growing)
        {
            // What is noted in the old array meanwhile is lost: the next pull of that queue notes it again.
            long[] offsets = _pullOffsets;
            if (queueId >= offsets.Length)
            {
                Array.Resize(ref offsets, queueId + 1);
            }

            offsets[queueId] = nextOffset;
            Volatile.Write(ref _pullOffsets, offsets);
        }
    }
}
