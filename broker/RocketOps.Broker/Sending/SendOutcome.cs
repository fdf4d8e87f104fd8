using RocketOps.Broker.Replies;
using RocketOps.Broker.Topics;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Sending;

/// <summary>Result of a send, as a value: refusing must not cost more than accepting. Borrows from the request.</summary>
internal readonly ref struct SendOutcome
{
    public required SendStatus Status { get; init; }

    /// <summary>Place where the message, or the first of a batch, is stored.</summary>
    public AppendResult Result { get; init; }

    /// <summary>The queue the producer is told: of the message's topic, even when it waits elsewhere. For a refusal the one that was asked for.</summary>
    public int QueueId { get; init; }

    /// <summary>The offset the producer is told; in a logical queue not the one the record has.</summary>
    public long QueueOffset { get; init; }

    /// <summary>The producer does not wait for the disk.</summary>
    public bool SkipsDiskWait { get; init; }

    public ReadOnlySpan<byte> UniqKey { get; init; }

    /// <summary>Id of the client that waits for a reply to the message, by the connection that it came by; empty for all others, and for messages that are sent on.</summary>
    public ReadOnlySpan<byte> Asker { get; init; }

    /// <summary>The batch is one record, which has the batch's unique key: the producer makes its messages' ids of that.</summary>
    public bool IsInnerBatch { get; init; }

    /// <summary>
    /// Topic whose queue <see cref="LoadQueue"/> is to be loaded, with <see cref="SendStatus.QueueToBeLoaded"/>; not the message's own when
    /// it waits elsewhere.
    /// </summary>
    public StoreTopic? LoadTopic { get; init; }

    public int LoadQueue { get; init; }

    /// <summary>The slot of a message that waits for a time; 0 for others.</summary>
    public long TimerOutMs { get; init; }

    /// <summary>The topic, where it was found.</summary>
    public TopicState? Topic { get; init; }
}
