using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>Progress of a consumer group on one broker. A broker that knows neither group nor topic answers an empty table.</summary>
public sealed record ConsumeStats
{
    [JsonPropertyName("consumeTps")]
    public double ConsumeTps { get; init; }

    [JsonPropertyName("offsetTable")]
    [AllowNull]
    public IReadOnlyDictionary<MessageQueue, ConsumerQueueOffsets> Queues
    {
        get => field ?? ReadOnlyDictionary<MessageQueue, ConsumerQueueOffsets>.Empty;
        init;
    }

    [JsonIgnore]
    public long TotalLag => Queues.Values.Sum(static queue => queue.Lag);
}

/// <summary>Progress of a group in one queue.</summary>
public sealed record ConsumerQueueOffsets
{
    /// <summary>Offset the next message of the queue will get.</summary>
    [JsonPropertyName("brokerOffset")]
    public long BrokerOffset { get; init; }

    /// <summary>Offset up to which the group has committed; −1 for a physical queue of a static topic of which it has committed nothing.</summary>
    [JsonPropertyName("consumerOffset")]
    public long ConsumerOffset { get; init; }

    /// <summary>Offset up to which the group has pulled; 4.x brokers do not tell.</summary>
    [JsonPropertyName("pullOffset")]
    public long PullOffset { get; init; }

    /// <summary>Store time of the last message consumed, milliseconds since the epoch; 0 when none.</summary>
    [JsonPropertyName("lastTimestamp")]
    public long LastTimestampMs { get; init; }

    [JsonIgnore]
    public long Lag => BrokerOffset - Math.Max(0, ConsumerOffset);
}
