using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>What a topic's queues on one broker hold.</summary>
public sealed record TopicStats
{
    [JsonPropertyName("offsetTable")]
    public IReadOnlyDictionary<MessageQueue, QueueOffsets> Queues { get; init; } = new Dictionary<MessageQueue, QueueOffsets>();
}
