namespace RocketOps.Client;

/// <summary>Where a message was put.</summary>
/// <param name="Status">How far it got.</param>
/// <param name="MessageId">The id this client gave it; of a batch all, joined by commas.</param>
/// <param name="OffsetMessageId">The id that says where it is stored; of a batch all, joined by commas.</param>
/// <param name="Queue">The queue the broker chose.</param>
/// <param name="QueueOffset">Position in the queue; of a batch that of the first message.</param>
public sealed record SendResult(SendStatus Status, string MessageId, string OffsetMessageId, MessageQueue Queue, long QueueOffset)
{
    /// <summary>What <c>IRocketMqProducer.RecallAsync</c> takes the message back by while it waits for its time; null when it does not wait, or the broker knows no recall.</summary>
    public string? RecallHandle { get; init; }
}

/// <summary>How far a sent message got. In every state the broker has it.</summary>
public enum SendStatus
{
    /// <summary>As far as the broker is configured to wait.</summary>
    SendOk,

    /// <summary>The broker did not see it on disk in time.</summary>
    FlushDiskTimeout,

    /// <summary>No slave had it in time.</summary>
    FlushSlaveTimeout,

    /// <summary>There was no slave to have it.</summary>
    SlaveNotAvailable,
}
