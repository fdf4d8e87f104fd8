using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>How far a consumer group is on one broker. A broker that knows neither group nor topic answers an empty table.</summary>
public sealed record ConsumeStats
{
    [JsonPropertyName("consumeTps")]
    public double ConsumeTps { get; init; }

    [JsonPropertyName("offsetTable")]
    public IReadOnlyDictionary<MessageQueue, ConsumerQueueOffsets> Queues { get; init; } = new Dictionary<MessageQueue, ConsumerQueueOffsets>();

    [JsonIgnore]
    public long TotalLag => Queues.Values.Sum(static queue => queue.Lag);
}
