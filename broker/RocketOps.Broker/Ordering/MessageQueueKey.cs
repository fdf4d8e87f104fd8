using System.Text.Json.Serialization;

namespace RocketOps.Broker.Ordering;

/// <summary>A queue of a broker as bodies name it.</summary>
internal sealed record MessageQueueKey
{
    [JsonPropertyName("brokerName")]
    public string? BrokerName { get; init; }

    [JsonPropertyName("queueId")]
    public int QueueId { get; init; }

    [JsonPropertyName("topic")]
    public string? Topic { get; init; }
}
