namespace RocketOps.Broker.Handlers.Pulling;

/// <summary>
/// Result of the checks that decide whether a pull may be served. <see cref="PullRefusals"/> says what the consumer is told.
/// </summary>
internal enum PullStatus
{
    Ok = 0,

    /// <summary>The group is to be made first, which writes a file: await it and ask again.</summary>
    GroupToBeMade,

    /// <summary>The stretch of the logical queue lies on another broker: have it forwarded.</summary>
    HeldElsewhere,

    // Everything from here on is final.

    BrokerNotReadable,

    LitePullForbidden,

    GroupMissing,

    GroupForbidden,

    TopicMissing,

    TopicForbidden,

    BadQueue,

    /// <summary>Another broker leads the logical queue of the static topic, or none.</summary>
    NotLeader,

    /// <summary>No member of the group has sent a heartbeat.</summary>
    GroupNotOnline,

    BroadcastForbidden,

    /// <summary>The group may not read this topic.</summary>
    GroupForbiddenForTopic,

    SubscriptionMissing,

    /// <summary>The pull's subscription is newer than the last heartbeat's.</summary>
    SubscriptionNotLatest,

    /// <summary>The expression of the group's heartbeat cannot be used.</summary>
    FilterMissing,

    /// <summary>The expression of the pull cannot be used.</summary>
    SubscriptionMalformed,

    /// <summary>Expressions other than tags are not allowed.</summary>
    PropertyFilterOff,

    PullConsumerRejected,
}
