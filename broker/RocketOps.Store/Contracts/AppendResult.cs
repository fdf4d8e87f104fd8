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
