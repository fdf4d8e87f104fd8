using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Pulling;

/// <summary>One pull, whichever protocol it came by. All spans are borrowed for the duration of the call.</summary>
internal readonly ref struct PullRequest
{
    public required ReadOnlySpan<byte> ConsumerGroup { get; init; }

    public required ReadOnlySpan<byte> Topic { get; init; }

    public required int QueueId { get; init; }

    public required long Offset { get; init; }

    public required int MaxMessages { get; init; }

    /// <summary>Milliseconds for which the consumer is ready to wait for messages; null: not at all.</summary>
    public long? HoldMs { get; init; }

    /// <summary>The consumer's progress to be stored; null: none.</summary>
    public long? CommitOffset { get; init; }

    /// <summary>Connection it comes from, as members of groups are known; null where nobody is a member by a connection.</summary>
    public RemotingConnection? Connection { get; init; }

    public bool IsLite { get; init; }

    /// <summary>The subscription is in this request and not in the group's heartbeats.</summary>
    public bool HasSubscription { get; init; }

    public ReadOnlySpan<byte> Subscription { get; init; }

    /// <summary>The queue is a physical one, also of a static topic.</summary>
    public bool IsPhysical { get; init; }

    /// <summary>Empty means tags.</summary>
    public ReadOnlySpan<byte> ExpressionType { get; init; }

    public long SubscriptionVersion { get; init; }

    /// <summary>The consumer drops itself what it did not subscribe to: with a subscription the broker does not know yet it is sent everything.</summary>
    public bool FiltersItself { get; init; }

    public bool IsTag => ExpressionType.IsEmpty || ExpressionType.SequenceEqual("TAG"u8);
}
