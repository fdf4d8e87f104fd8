namespace RocketOps.Store.Contracts;

/// <summary>Place of an appended message, or of a batch of adjacent messages.</summary>
/// <param name="Offset">Offset of the (first) record.</param>
/// <param name="End">Offset behind the last record.</param>
/// <param name="QueueOffset">Queue offset of the (first) message; 0 for prepared and rolled-back transactional records.</param>
/// <param name="StoreTimestamp">Store time in epoch milliseconds.</param>
/// <param name="MessageCount">Number of messages, 1 unless a batch.</param>
/// <param name="Generation">Generation of the log it went into; see <see cref="LogMark"/>.</param>
public readonly record struct AppendResult(PhysicalOffset Offset, PhysicalOffset End, long QueueOffset, long StoreTimestamp, int MessageCount, int Generation)
{
    /// <summary>Mark that an acknowledgement waits for; see <c>LogPositions.When</c>.</summary>
    public LogMark Mark => new(End, Generation);

    /// <summary>Size in bytes of all records together.</summary>
    public int Size => (int)(End.Value - Offset.Value);
}

/// <summary>Outcome of an append. Everything but <see cref="Ok"/> means that nothing was stored.</summary>
public enum AppendStatus
{
    Ok = 0,

    /// <summary>The store is not running, stopped, told to refuse messages (<c>MessageStore.RefuseMessages</c>), or read-only after a failed write, flush or queue append: see <c>MessageStore.Flags</c>.</summary>
    ServiceNotAvailable,

    /// <summary>The disk is fuller than the warning level, or no block is left for the next commit-log file. Clears by itself when space returns.</summary>
    DiskFull,

    /// <summary>Body larger than the limit, topic too long, or a batch body that does not parse.</summary>
    MessageIllegal,

    /// <summary>More than 32 767 bytes of properties.</summary>
    PropertiesTooLong,

    /// <summary>The disk does not take writes as fast as messages arrive, or has not given room for them for as long (RocketMQ: page cache busy). Try again later.</summary>
    Busy,

    /// <summary>
    /// Memory is full of messages that another thread is handing to the kernel, or another thread is reserving blocks of the disk for the message, or making the log's next file. Await
    /// <c>LogWriter.WhenRoomAsync</c> and append again, not on a loop.
    /// </summary>
    WouldBlock,

    /// <summary>The next commit-log file could not be created for another reason than a full disk.</summary>
    FileCreationFailed,

    /// <summary>
    /// The queue has not been used since the start, and where it ends is on the disk, which the caller must not wait for; or its topic is being deleted, and a new one of
    /// that name begins when that is over: await
    /// <c>LogWriter.LoadQueueAsync</c> off the loops, then append again.
    /// </summary>
    QueueNotLoaded,
}
