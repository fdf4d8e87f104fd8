namespace RocketOps.Broker.Topics;

/// <summary>The topic that a send has named, or why it is not there and was not made.</summary>
internal readonly record struct FoundTopic(TopicState? State, TopicRefusal Refusal = TopicRefusal.None);

/// <summary>Reason why a topic is not made for the client that is the first to send to it.</summary>
internal enum TopicRefusal
{
    None,

    /// <summary>No topics are made after the one that the send names for a template.</summary>
    NotAllowed,

    /// <summary>There are <c>maxTopics</c>.</summary>
    TooMany,
}
