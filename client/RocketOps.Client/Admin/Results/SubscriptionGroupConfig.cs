using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>A consumer group as one broker holds it.</summary>
public sealed record SubscriptionGroupConfig
{
    /// <summary>Makes a group with the settings that RocketMQ gives a new one.</summary>
    public SubscriptionGroupConfig()
        : this(consumeEnable: true)
    {
    }

    // What a broker leaves out, as those of 4.x do with the timeout, is as RocketMQ's class begins (apache/rocketmq
    // SubscriptionGroupConfig); generated code would make it 0 or false.
    [JsonConstructor]
    internal SubscriptionGroupConfig(
        bool consumeEnable = true,
        bool consumeFromMinEnable = true,
        bool consumeBroadcastEnable = true,
        int retryQueues = 1,
        int retryMaxTimes = 16,
        long whichBrokerWhenConsumeSlowly = 1,
        bool notifyConsumerIdsChangedEnable = true,
        int consumeTimeoutMinutes = 15)
    {
        (ConsumeEnable, ConsumeFromMinEnable, ConsumeBroadcastEnable) = (consumeEnable, consumeFromMinEnable, consumeBroadcastEnable);
        (RetryQueues, RetryMaxTimes, ConsumeTimeoutMinutes) = (retryQueues, retryMaxTimes, consumeTimeoutMinutes);
        (WhichBrokerWhenConsumeSlowly, NotifyConsumerIdsChangedEnable) = (whichBrokerWhenConsumeSlowly, notifyConsumerIdsChangedEnable);
    }

    [JsonPropertyName("groupName")]
    [AllowNull]
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("consumeEnable")]
    public bool ConsumeEnable { get; init; }

    [JsonPropertyName("consumeFromMinEnable")]
    public bool ConsumeFromMinEnable { get; init; }

    [JsonPropertyName("consumeBroadcastEnable")]
    public bool ConsumeBroadcastEnable { get; init; }

    [JsonPropertyName("consumeMessageOrderly")]
    public bool ConsumeMessageOrderly { get; init; }

    [JsonPropertyName("retryQueueNums")]
    public int RetryQueues { get; init; }

    /// <summary>Redeliveries before a message goes to the dead-letter topic.</summary>
    [JsonPropertyName("retryMaxTimes")]
    public int RetryMaxTimes { get; init; }

    [JsonPropertyName("brokerId")]
    public long BrokerId { get; init; }

    [JsonPropertyName("whichBrokerWhenConsumeSlowly")]
    public long WhichBrokerWhenConsumeSlowly { get; init; }

    [JsonPropertyName("notifyConsumerIdsChangedEnable")]
    public bool NotifyConsumerIdsChangedEnable { get; init; }

    /// <summary>Minutes after which a message that was handed out counts as not processed; 4.x brokers know none.</summary>
    [JsonPropertyName("consumeTimeoutMinute")]
    public int ConsumeTimeoutMinutes { get; init; }

    /// <summary>Delays of redeliveries with POP, as the broker keeps them; null when it has none.</summary>
    [JsonPropertyName("groupRetryPolicy")]
    public JsonElement? RetryPolicy { get; init; }

    /// <summary>Further settings by name. In an update to a 5.x broker they are changes: <c>+name</c> sets one, <c>-name</c> removes one, and null changes none.</summary>
    [JsonPropertyName("attributes")]
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }

    [JsonPropertyName("groupSysFlag")]
    public int SystemFlags { get; init; }

    /// <summary>Subscriptions that 5.x brokers keep with the group, as they write them; null when there are none. An update sends them back.</summary>
    [JsonPropertyName("subscriptionDataSet")]
    public JsonElement? Subscriptions { get; init; }

    /// <summary>Topics whose messages the group may not read. Told with all groups of a broker (5.x, RocketOps); null otherwise, and when there are none.</summary>
    [JsonIgnore]
    public IReadOnlyList<string>? ForbiddenTopics { get; init; }
}
