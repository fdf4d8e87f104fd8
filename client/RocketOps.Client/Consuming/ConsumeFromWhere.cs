namespace RocketOps.Client;

/// <summary>Where a group begins in a queue it has no offset for.</summary>
public enum ConsumeFromWhere
{
    /// <summary>With messages that arrive from now on. A broker may say "from the start" for a queue that is still whole in memory.</summary>
    LastOffset,

    /// <summary>With the oldest message.</summary>
    FirstOffset,

    /// <summary>With the first message stored at <see cref="PushConsumerOptions.ConsumeFromTime"/> or later.</summary>
    Timestamp,
}
