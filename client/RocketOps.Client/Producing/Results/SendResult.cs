namespace RocketOps.Client;

/// <summary>Result of a send: where the message was put.</summary>
/// <param name="Status">Storage status of the message.</param>
/// <param name="MessageId">The id this client gave it; of a batch all, joined by commas.</param>
/// <param name="OffsetMessageId">The id that says where it is stored; of a batch all, joined by commas.</param>
/// <param name="Queue">The queue the broker chose.</param>
/// <param name="QueueOffset">Position in the queue; of a batch that of the first message.</param>
public sealed record SendResult(SendStatus Status, string MessageId, string OffsetMessageId, MessageQueue Queue, long QueueOffset)
{
    /// <summary>
    /// Handle by which <c>IRocketMqProducer.RecallAsync</c> takes the message back while it waits for its time; null when it does not wait,
    /// or the broker knows no recall.
    /// </summary>
    public string? RecallHandle { get; init; }
}

/// <summary>Storage status of a sent message. In every status the broker has it.</summary>
public enum SendStatus
{
    /// <summary>Stored as safely as the broker is configured to wait for.</summary>
    SendOk,

    /// <summary>The broker did not see it on disk in time.</summary>
    FlushDiskTimeout,

    /// <summary>No slave had it in time.</summary>
    FlushSlaveTimeout,

    /// <summary>There was no slave to have it.</summary>
    SlaveNotAvailable,
}
