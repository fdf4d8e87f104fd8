using System.Text.Json.Serialization;

namespace RocketOps.Broker.Ordering;

/// <summary>Answer to LOCK_BATCH_MQ.</summary>
internal sealed class LockResultBody
{
    [JsonPropertyName("lockOKMQSet")]
    public required IReadOnlyList<MessageQueueKey> Locked { get; init; }
}
