using System.Text.Json.Serialization;

namespace RocketOps.Broker.Ordering;

/// <summary>Body of LOCK_BATCH_MQ and UNLOCK_BATCH_MQ. Source: remoting.md §2.4.</summary>
internal sealed class LockBody
{
    [JsonPropertyName("clientId")]
    public string? ClientId { get; init; }

    [JsonPropertyName("consumerGroup")]
    public string? ConsumerGroup { get; init; }

    [JsonPropertyName("mqSet")]
    public IReadOnlyList<MessageQueueKey>? Queues { get; init; }
}

/// <summary>Answer to LOCK_BATCH_MQ.</summary>
internal sealed class LockResultBody
{
    [JsonPropertyName("lockOKMQSet")]
    public required IReadOnlyList<MessageQueueKey> Locked { get; init; }
}
