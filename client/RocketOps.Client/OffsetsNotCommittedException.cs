namespace RocketOps.Client;

/// <summary>
/// The offsets of some queues were not committed, as their brokers refused or did not answer. They go with the next commit.
/// </summary>
public sealed class OffsetsNotCommittedException : RocketMqException
{
    internal OffsetsNotCommittedException(IReadOnlyList<MessageQueue> committed, IReadOnlyList<MessageQueue> notCommitted, RocketMqException reason)
        : base($"{notCommitted.Count} of {committed.Count + notCommitted.Count} queues were not committed; first {notCommitted[0]}: {reason.Message}", reason)
    {
        Committed = committed;
        NotCommitted = notCommitted;
    }

    /// <summary>The queues whose offsets their brokers have; those without an offset among them.</summary>
    public IReadOnlyList<MessageQueue> Committed { get; }

    /// <summary>The queues whose offsets their brokers may not have: one that did not answer may have taken them.</summary>
    public IReadOnlyList<MessageQueue> NotCommitted { get; }
}
