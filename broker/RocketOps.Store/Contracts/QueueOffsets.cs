namespace RocketOps.Store.Contracts;

/// <summary>Readable range of a queue, in queue offsets; both 0 for an unknown queue.</summary>
/// <param name="Min">First message.</param>
/// <param name="Max">Exclusive end.</param>
public readonly record struct QueueOffsets(long Min, long Max);

/// <summary>An entry of a queue, for whoever looks at queues themselves.</summary>
/// <param name="QueueOffset">Of the message, or of the first one of a batch.</param>
/// <param name="Offset">Of the record.</param>
/// <param name="Size">Of the record, bytes.</param>
/// <param name="TagsCode">Hash of the tags; a time of delivery, or the address of an extension, where the queue has such.</param>
public readonly record struct QueueUnit(long QueueOffset, PhysicalOffset Offset, int Size, long TagsCode);

/// <summary>Which message a lookup by time means when none has exactly that time (store.md §5.5).</summary>
public enum TimeBoundary
{
    /// <summary>The first with store time ≥ the given one.</summary>
    Lower = 0,

    /// <summary>The last with store time ≤ the given one.</summary>
    Upper,
}

/// <summary>One record in the log.</summary>
public readonly record struct MessageRange(PhysicalOffset Offset, int Size);
