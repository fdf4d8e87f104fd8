using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Topics;

/// <summary>Settings of a topic on one broker, wanted or found.</summary>
/// <param name="ReadQueues">Queues consumers see.</param>
/// <param name="WriteQueues">Queues producers see.</param>
/// <param name="Permission">RocketMQ's permission bits. A number, because brokers may hold values the API cannot express.</param>
/// <param name="MessageType">Wire name of the kind of messages; a topic without the attribute is <c>NORMAL</c>, as in RocketMQ.</param>
/// <param name="Order">RocketMQ's order flag.</param>
internal sealed record TopicSettings(int ReadQueues, int WriteQueues, int Permission, string MessageType, bool Order = false)
{
    /// <summary>The attribute brokers of RocketMQ 5 and RocketOps keep the message type in.</summary>
    public const string MessageTypeAttribute = "message.type";

    public const string DefaultMessageType = "NORMAL";

    /// <summary>Producers may send.</summary>
    public bool IsWritable => (Permission & (int)TopicPermission.Write) != 0;

    public static TopicSettings Wanted(TopicSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return new TopicSettings(spec.ReadQueues, spec.WriteQueues ?? spec.ReadQueues, (int)spec.Permission, WireName(spec.MessageType), spec.Order);
    }

    public static string WireName(TopicMessageType type) => type switch
    {
        TopicMessageType.Normal => DefaultMessageType,
        TopicMessageType.Fifo => "FIFO",
        TopicMessageType.Delay => "DELAY",
        TopicMessageType.Transaction => "TRANSACTION",
        TopicMessageType.Mixed => "MIXED",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown message type."),
    };
}
