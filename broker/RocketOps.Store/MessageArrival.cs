namespace RocketOps.Store;

/// <summary>A message that has just become readable. Spans are borrowed for the call.</summary>
public readonly ref struct MessageArrival
{
    public required StoreTopic Topic { get; init; }

    public required int QueueId { get; init; }

    public required long QueueOffset { get; init; }

    public required long TagsCode { get; init; }

    public required PhysicalOffset Offset { get; init; }

    public required int Size { get; init; }

    public required long StoreTimestamp { get; init; }

    /// <summary>The stored properties text.</summary>
    public required ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>Exclusive end of the queue now.</summary>
    public long MaxOffset => QueueOffset + 1;
}
