using RocketOps.Store;

namespace RocketOps.Broker.Replies;

/// <summary>Result of a send. <c>SendRefusals</c> says what the producer is told.</summary>
internal enum SendStatus
{
    /// <summary>Appended to the store's tail; it may be acknowledged when the store says so.</summary>
    Stored = 0,

    /// <summary>The topic is to be made first, which writes a file: await it and send again.</summary>
    TopicToBeMade,

    /// <summary>The group's dead-letter topic is to be made first: await it and send again.</summary>
    DeadLetterTopicToBeMade,

    /// <summary>The store's memory is full of messages that are just being written: await room and send again.</summary>
    RoomToBeMade,

    /// <summary>
    /// The queue's end is on the disk: await <see cref="LogWriter.LoadQueueAsync"/> for <c>SendOutcome.LoadTopic</c> and send again.
    /// </summary>
    QueueToBeLoaded,

    // Everything from here on is final.

    Slave,

    /// <summary>Fewer members are in sync than <c>minInSyncReplicas</c>.</summary>
    TooFewReplicas,

    /// <summary>This member of a group that elects its master does not lead, or hands over at this moment.</summary>
    NotLeading,

    /// <summary>The time <c>startAcceptSendRequestTimeStamp</c> has not come yet.</summary>
    NotYet,

    BrokerNotWriteable,

    BadTopicName,

    TopicForbidden,

    TopicMissing,

    /// <summary>There is no such topic, and none is made, as there are <c>maxTopics</c>.</summary>
    TooManyTopics,

    BadQueue,

    /// <summary>Another broker leads the logical queue of the static topic, or none.</summary>
    NotLeader,

    BatchTopicTooLong,

    BatchToRetryTopic,

    GroupMissing,

    TransactionForbidden,

    TimerNotEnabled,

    /// <summary>Its time is none, or too far away; or it deletes what is past.</summary>
    TimerIllegal,

    /// <summary>Too many messages wait for the same time.</summary>
    TimerCongested,

    MessageIllegal,

    /// <summary>Its properties leave no room for what brokers add later (<c>PropertyRoom</c>).</summary>
    NoRoomForProperties,

    DiskFull,

    StoreNotAvailable,

    /// <summary>The kernel does not take writes as fast as messages arrive.</summary>
    Busy,

    FileCreationFailed,

    Failed,
}
