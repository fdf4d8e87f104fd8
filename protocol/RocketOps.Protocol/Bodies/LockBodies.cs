using System.Text.Json.Serialization;

namespace RocketOps.Protocol.Bodies;

/// <summary>Body of LOCK_BATCH_MQ and UNLOCK_BATCH_MQ. Source: remoting.md §2.4.</summary>
public sealed record LockBody
{
    [JsonPropertyName("clientId")]
    public string? ClientId { get; init; }

    [JsonPropertyName("consumerGroup")]
    public string? ConsumerGroup { get; init; }

    [JsonPropertyName("mqSet")]
    public IReadOnlyList<MessageQueueKey>? Queues { get; init; }
}

/// <summary>Answer to LOCK_BATCH_MQ.</summary>
public sealed record LockResultBody
{
    [JsonPropertyName("lockOKMQSet")]
    public IReadOnlyList<MessageQueueKey>? Locked { get; init; }
}
