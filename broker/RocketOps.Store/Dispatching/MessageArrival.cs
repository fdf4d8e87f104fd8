using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Dispatching;

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

    /// <summary>
    /// The stored properties text. Where the message came to dispatch without its record, reads that: ask when it is needed. Empty in the rare case that the record leaves memory in this
    /// very moment, and the thread must not wait for the disk.
    /// </summary>
    public ReadOnlySpan<byte> Properties
    {
        get => Record is null ? field : Record.ReadProperties(Offset.Value, Size);
        init;
    }

    internal LogChunk? Record { get; init; }

    /// <summary>Exclusive end of the queue now.</summary>
    public long MaxOffset => QueueOffset + 1;
}
