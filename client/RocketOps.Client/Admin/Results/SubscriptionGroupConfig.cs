using System.Text.Json;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>A consumer group as one broker holds it.</summary>
public sealed record SubscriptionGroupConfig
{
    private const int DefaultConsumeTimeoutMinutes = 15;

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

    /// <summary>Minutes after which a message that was handed out counts as not processed; 4.x brokers know none.</summary>
    [JsonIgnore]
    public int ConsumeTimeoutMinutes { get; init; } = DefaultConsumeTimeoutMinutes;

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

    /// <summary>Null when it is missing, as in the answers of 4.x brokers: then the default counts, which generated code would overwrite with 0.</summary>
    [JsonInclude]
    [JsonPropertyName("consumeTimeoutMinute")]
    internal int? KeptConsumeTimeoutMinutes
    {
        get => ConsumeTimeoutMinutes;
        init => ConsumeTimeoutMinutes = value ?? DefaultConsumeTimeoutMinutes;
    }
}
