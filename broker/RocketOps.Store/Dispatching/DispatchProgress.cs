namespace RocketOps.Store.Dispatching;

/// <summary>Progress of dispatch along the log. Written by the thread that owns dispatch and by the maintenance, read by any.</summary>
internal sealed class DispatchProgress
{
    private long _dispatched;
    private long _handedOver;
    private long _lastStoreTimestamp;
    private long _lastRecord = -1;

    /// <summary>Everything before it is readable.</summary>
    public long Dispatched
    {
        get => Volatile.Read(ref _dispatched);
        set => Volatile.Write(ref _dispatched, value);
    }

    /// <summary>The maintenance has handed queues and index to the kernel up to there.</summary>
    public long HandedOver
    {
        get => Volatile.Read(ref _handedOver);
        set => Volatile.Write(ref _handedOver, value);
    }

    /// <summary>Store time of the last message dispatched.</summary>
    public long LastStoreTimestamp
    {
        get => Volatile.Read(ref _lastStoreTimestamp);
        set => Volatile.Write(ref _lastStoreTimestamp, value);
    }

    /// <summary>
    /// Beginning of a message that was among the last to be dispatched, ahead of <see cref="Dispatched"/> for a moment; −1 when none is
    /// known.
    /// </summary>
    public long LastRecord
    {
        get => Volatile.Read(ref _lastRecord);
        set => Volatile.Write(ref _lastRecord, value);
    }
}
