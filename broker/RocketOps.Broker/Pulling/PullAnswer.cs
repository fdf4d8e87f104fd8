using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Pulling;

/// <summary>Result of a read, with all that consumers are told of the queue.</summary>
internal readonly record struct PullAnswer(PullOutcome Outcome, GetStatus Status, long NextOffset, long MinOffset, long MaxOffset, long SuggestedBrokerId)
{
    /// <summary>Offset that consumers of a logical queue add to the offsets in the messages. Null for plain queues.</summary>
    public long? OffsetDelta { get; init; }
}

/// <summary>Outcome of a pull: what the consumer should do next.</summary>
internal enum PullOutcome
{
    Found = 0,

    /// <summary>Nothing there yet.</summary>
    NotFound,

    /// <summary>Ask again at once, further on.</summary>
    RetryAtOnce,

    /// <summary>The offset is not within the queue: go on where the answer says.</summary>
    OffsetMoved,

    /// <summary>The store does not serve reads.</summary>
    NotReadable,

    /// <summary>The group has been reset: go on at the offset in the answer.</summary>
    OffsetReset,
}

/// <summary>Reason why a pull could not be served.</summary>
internal enum PullFailure
{
    /// <summary>The store does not serve reads.</summary>
    NotReadable,

    /// <summary>Retention took the messages while they were read: asked again, the consumer is told the new beginning.</summary>
    DeletedMeanwhile,

    ReadFailed,

    /// <summary>Too many reads wait for the disk already.</summary>
    DiskBusy,

    /// <summary>The connection is about to end: asked again, the consumer makes another.</summary>
    ConnectionLeaves,
}

/// <summary>Whom to answer: the sink, and what it needs to know the request again.</summary>
internal readonly record struct PullTicket(IPullReplySink Sink, object Peer, long Tag);
