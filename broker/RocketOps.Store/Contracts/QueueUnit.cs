namespace RocketOps.Store.Contracts;

/// <summary>An entry of a queue, for whoever looks at queues themselves.</summary>
/// <param name="QueueOffset">Of the message, or of the first one of a batch.</param>
/// <param name="Offset">Of the record.</param>
/// <param name="Size">Of the record, bytes.</param>
/// <param name="TagsCode">Hash of the tags; a time of delivery, or the address of an extension, where the queue has such.</param>
public readonly record struct QueueUnit(long QueueOffset, PhysicalOffset Offset, int Size, long TagsCode);
