using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Kind of messages a topic is meant for; kept by brokers of RocketMQ 5 and RocketOps as attribute <c>message.type</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TopicMessageType>))]
public enum TopicMessageType
{
    /// <summary>Plain messages, delivered in any order.</summary>
    Normal,

    /// <summary>Messages of one group are delivered in the order they were sent.</summary>
    Fifo,

    /// <summary>Messages delivered at a later time.</summary>
    Delay,

    /// <summary>Messages visible only after the producer's transaction committed.</summary>
    Transaction,

    /// <summary>Any of the above.</summary>
    Mixed,
}
