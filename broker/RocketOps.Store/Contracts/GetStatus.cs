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

/// <summary>Limits of one read. The first message is returned whatever its size.</summary>
/// <param name="MaxMessages">Number of messages the consumer asked for.</param>
/// <param name="MaxBytes">Bytes of records; 0 takes the store's options (262 144 from memory, 65 536 from disk).</param>
/// <param name="IsForOwnUse">The broker reads for itself: the options' limits are about answers to consumers and do not count, so there must be <paramref name="MaxBytes"/>.</param>
public readonly record struct GetLimits(int MaxMessages, int MaxBytes = 0, bool IsForOwnUse = false);
