namespace RocketOps.Broker.Pending;

/// <summary>A message of a topic that waits in another queue than its own.</summary>
/// <param name="QueueOffset">Where it is in the queue it waits in.</param>
/// <param name="QueueId">The queue of its topic it is meant for; 0 for one that goes back to its consumers.</param>
/// <param name="Time">What tells when it is due: milliseconds since 1970 of its delivery; 0 when nobody knows.</param>
/// <param name="IsRetry">It goes to a group's retry topic.</param>
internal readonly record struct PendingMessage(long QueueOffset, int QueueId, long Time, bool IsRetry);

/// <summary>Reason why messages wait. Names are those of the answer.</summary>
internal enum PendingKind
{
    /// <summary>Halves of transactions that nobody has settled.</summary>
    Half,

    /// <summary>Messages that asked for a time.</summary>
    Timer,

    /// <summary>Messages that asked for a delay level.</summary>
    Delayed,

    /// <summary>Messages a consumer has sent back, waiting for their delay or in the group's retry topic.</summary>
    Retry,
}

/// <summary>Messages of one kind that are meant for one queue.</summary>
/// <param name="Kind">Reason why they wait.</param>
/// <param name="QueueId">The queue of their topic.</param>
/// <param name="Count">Number of them.</param>
/// <param name="LastDue">When the last of them is due, milliseconds since 1970; 0 when nobody knows.</param>
internal readonly record struct PendingCount(PendingKind Kind, int QueueId, int Count, long LastDue);

/// <summary>Messages of a topic that wait.</summary>
/// <param name="IsComplete">Everything was looked through, so that what is not in the counts does not wait.</param>
/// <param name="Unread">Messages, of any topic, that are still to be looked through.</param>
/// <param name="Counts">Ordered by kind and queue.</param>
internal sealed record PendingReport(bool IsComplete, long Unread, IReadOnlyList<PendingCount> Counts);
