using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>Where a topic lives, as a name server knows it. Source: remoting.md §3.2.</summary>
public sealed record TopicRoute
{
    [JsonPropertyName("brokerDatas")]
    public IReadOnlyList<BrokerData> Brokers { get; init; } = [];

    [JsonPropertyName("queueDatas")]
    public IReadOnlyList<QueueData> Queues { get; init; } = [];

    /// <summary><c>broker-a:8;broker-b:8</c>; null when the topic is not ordered.</summary>
    [JsonPropertyName("orderTopicConf")]
    public string? OrderTopicConf { get; init; }
}
