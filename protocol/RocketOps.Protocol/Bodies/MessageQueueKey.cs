using System.Text.Json.Serialization;

namespace RocketOps.Protocol.Bodies;

/// <summary>Queue of a topic on one broker as bodies name it.</summary>
public sealed record MessageQueueKey
{
    [JsonPropertyName("brokerName")]
    public string? BrokerName { get; init; }

    [JsonPropertyName("queueId")]
    public int QueueId { get; init; }

    [JsonPropertyName("topic")]
    public string? Topic { get; init; }
}
