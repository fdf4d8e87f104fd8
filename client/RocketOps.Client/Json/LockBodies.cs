using System.Text.Json.Serialization;

namespace RocketOps.Client.Json;

/// <summary>Body of LOCK_BATCH_MQ and UNLOCK_BATCH_MQ. Source: remoting.md §2.4.</summary>
internal sealed record LockBody
{
    [JsonPropertyName("clientId")]
    public required string ClientId { get; init; }

    [JsonPropertyName("consumerGroup")]
    public required string ConsumerGroup { get; init; }

    [JsonPropertyName("mqSet")]
    public required IReadOnlyList<MessageQueue> Queues { get; init; }
}

/// <summary>Answer to LOCK_BATCH_MQ.</summary>
internal sealed record LockResultBody
{
    [JsonPropertyName("lockOKMQSet")]
    public IReadOnlyList<MessageQueue>? Locked { get; init; }
}
