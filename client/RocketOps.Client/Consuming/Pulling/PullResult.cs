using RocketOps.Client.Consuming.Queues;

namespace RocketOps.Client.Consuming.Pulling;

/// <param name="Status">What the broker says.</param>
/// <param name="NextOffset">Where to go on.</param>
/// <param name="SuggestedBroker">Member to ask then.</param>
/// <param name="Records">The messages, as stored.</param>
/// <param name="OffsetDelta">How far the queue's offsets are ahead of those in the records: the latter are those of the physical queue that a logical queue of a static topic lies in.</param>
internal sealed record PullResult(PullStatus Status, long NextOffset, long SuggestedBroker, ReadOnlyMemory<byte> Records, long OffsetDelta);

/// <summary>Status of a broker's answer to a pull.</summary>
internal enum PullStatus
{
    Found,

    /// <summary>Nothing there, or nothing that matched: go on at the next offset.</summary>
    Nothing,

    /// <summary>The broker does not hold what was asked for any more: go on at the next offset. What was pulled before is still to be handled.</summary>
    Expired,

    /// <summary>The group is elsewhere: what was asked for is behind the queue's end, or somebody reset the group. Begin anew at the next offset.</summary>
    OffsetMoved,

    /// <summary>Ask again in a moment.</summary>
    FlowControl,
}

/// <summary>A message waiting for its handler.</summary>
internal sealed record PulledMessage(ProcessQueue Owner, StoredMessage Stored)
{
    /// <summary>Deliveries made here after which no broker took it back: its handler sees them as <see cref="ReceivedMessage.ReconsumeTimes"/>. Written by whoever has it at work.</summary>
    public int Attempts { get; set; }
}
