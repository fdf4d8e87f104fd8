using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Pulling;

/// <summary>Result of a read, with all that consumers are told of the queue.</summary>
internal readonly record struct PullAnswer(PullOutcome Outcome, GetStatus Status, long NextOffset, long MinOffset, long MaxOffset, long SuggestedBrokerId)
{
    /// <summary>Offset that consumers of a logical queue add to the offsets in the messages. Null for plain queues.</summary>
    public long? OffsetDelta { get; init; }
}
