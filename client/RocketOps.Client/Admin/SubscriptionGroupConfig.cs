using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>A consumer group as one broker holds it.</summary>
public sealed record SubscriptionGroupConfig
{
    [JsonPropertyName("groupName")]
    public string Name { get; init; } = string.Empty;

    [JsonPropertyName("consumeEnable")]
    public bool ConsumeEnable { get; init; } = true;

    [JsonPropertyName("consumeFromMinEnable")]
    public bool ConsumeFromMinEnable { get; init; } = true;

    [JsonPropertyName("consumeBroadcastEnable")]
    public bool ConsumeBroadcastEnable { get; init; } = true;

    [JsonPropertyName("consumeMessageOrderly")]
    public bool ConsumeMessageOrderly { get; init; }

    [JsonPropertyName("retryQueueNums")]
    public int RetryQueues { get; init; } = 1;

    /// <summary>Redeliveries before a message goes to the dead-letter topic.</summary>
    [JsonPropertyName("retryMaxTimes")]
    public int RetryMaxTimes { get; init; } = 16;

    [JsonPropertyName("brokerId")]
    public long BrokerId { get; init; }

    [JsonPropertyName("whichBrokerWhenConsumeSlowly")]
    public long WhichBrokerWhenConsumeSlowly { get; init; } = 1;

    [JsonPropertyName("notifyConsumerIdsChangedEnable")]
    public bool NotifyConsumerIdsChangedEnable { get; init; } = true;
}
