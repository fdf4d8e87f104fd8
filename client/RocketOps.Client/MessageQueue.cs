using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>One queue of a topic on one broker group. Ordered by topic, broker name, queue id, as every client must for the balancing to agree.</summary>
[JsonConverter(typeof(MessageQueueJsonConverter))]
public sealed record MessageQueue(string Topic, string BrokerName, int QueueId) : IComparable<MessageQueue>
{
    public static bool operator <(MessageQueue left, MessageQueue right) => Compare(left, right) < 0;

    public static bool operator <=(MessageQueue left, MessageQueue right) => Compare(left, right) <= 0;

    public static bool operator >(MessageQueue left, MessageQueue right) => Compare(left, right) > 0;

    public static bool operator >=(MessageQueue left, MessageQueue right) => Compare(left, right) >= 0;

    // Java compares strings by UTF-16 units, which is what ordinal means here.
    public int CompareTo(MessageQueue? other)
    {
        if (other is null)
        {
            return 1;
        }

        int order = string.CompareOrdinal(Topic, other.Topic);
        if (order == 0)
        {
            order = string.CompareOrdinal(BrokerName, other.BrokerName);
        }

        return order != 0 ? order : QueueId.CompareTo(other.QueueId);
    }

    public override string ToString() => $"{Topic}@{BrokerName}:{QueueId}";

    private static int Compare(MessageQueue? left, MessageQueue? right) => left is null ? (right is null ? 0 : -1) : left.CompareTo(right);
}
