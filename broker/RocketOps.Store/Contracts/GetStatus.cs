namespace RocketOps.Store.Contracts;

/// <summary>Outcome of reading a queue, named as in RocketMQ (store.md §5.1).</summary>
public enum GetStatus
{
    Found = 0,

    /// <summary>The store is stopped or not readable.</summary>
    NotReadable,

    /// <summary>The answer needs the disk, or more time than the caller may take: use <c>QueueReader.GetMessagesAsync</c>.</summary>
    WouldBlock,
    NoMatchedLogicQueue,
    NoMessageInQueue,
    OffsetTooSmall,
    OffsetOverflowOne,
    OffsetOverflowBadly,
    OffsetFoundNull,
    MessageWasRemoving,
    NoMatchedMessage,
}
