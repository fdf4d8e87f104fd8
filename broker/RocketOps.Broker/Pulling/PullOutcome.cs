namespace RocketOps.Broker.Pulling;

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
