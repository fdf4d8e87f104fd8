using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace RocketOps.Broker.Groups;

/// <summary>A consumer group as it stands in subscriptionGroup.json and in requests. Immutable. Source: admin.md §2.3.</summary>
internal sealed record SubscriptionGroupConfig
{
    [JsonPropertyName("attributes")]
    public ImmutableSortedDictionary<string, string>? Attributes { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    [JsonPropertyName("brokerId")]
    public long BrokerId { get; init; }

    [JsonPropertyName("consumeBroadcastEnable")]
    public bool ConsumeBroadcastEnable { get; init; } = true;

    [JsonPropertyName("consumeEnable")]
    public bool ConsumeEnable { get; init; } = true;

    [JsonPropertyName("consumeFromMinEnable")]
    public bool ConsumeFromMinEnable { get; init; } = true;

    [JsonPropertyName("consumeMessageOrderly")]
    public bool ConsumeMessageOrderly { get; init; }

    [JsonPropertyName("consumeTimeoutMinute")]
    public int ConsumeTimeoutMinute { get; init; } = 15;

    [JsonPropertyName("groupName")]
    public string? GroupName { get; init; }

    /// <summary>Kept as it came: pop retries read it, classic ones do not.</summary>
    [JsonPropertyName("groupRetryPolicy")]
    public System.Text.Json.JsonElement? GroupRetryPolicy { get; init; }

    [JsonPropertyName("groupSysFlag")]
    public int GroupSysFlag { get; init; }

    [JsonPropertyName("notifyConsumerIdsChangedEnable")]
    public bool NotifyConsumerIdsChangedEnable { get; init; } = true;

    [JsonPropertyName("retryMaxTimes")]
    public int RetryMaxTimes { get; init; } = 16;

    [JsonPropertyName("retryQueueNums")]
    public int RetryQueueNums { get; init; } = 1;

    [JsonPropertyName("whichBrokerWhenConsumeSlowly")]
    public long WhichBrokerWhenConsumeSlowly { get; init; } = 1;

    [JsonIgnore]
    public string Name => GroupName ?? string.Empty;
}
