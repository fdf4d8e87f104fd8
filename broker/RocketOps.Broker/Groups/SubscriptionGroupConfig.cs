using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace RocketOps.Broker.Groups;

/// <summary>A consumer group as it stands in subscriptionGroup.json and in requests; nobody changes one. Where a request or file leaves something out it has what is written here, for which it has to be settable: generated readers give what can only be initialised its type's zero. Source: admin.md §2.3.</summary>
internal sealed record SubscriptionGroupConfig
{
    [JsonPropertyName("attributes")]
    public ImmutableSortedDictionary<string, string>? Attributes { get; set; } = ImmutableSortedDictionary<string, string>.Empty;

    [JsonPropertyName("brokerId")]
    public long BrokerId { get; init; }

    [JsonPropertyName("consumeBroadcastEnable")]
    public bool ConsumeBroadcastEnable { get; set; } = true;

    [JsonPropertyName("consumeEnable")]
    public bool ConsumeEnable { get; set; } = true;

    [JsonPropertyName("consumeFromMinEnable")]
    public bool ConsumeFromMinEnable { get; set; } = true;

    [JsonPropertyName("consumeMessageOrderly")]
    public bool ConsumeMessageOrderly { get; init; }

    [JsonPropertyName("consumeTimeoutMinute")]
    public int ConsumeTimeoutMinute { get; set; } = 15;

    [JsonPropertyName("groupName")]
    public string? GroupName { get; init; }

    /// <summary>Kept as it came: pop retries read it, classic ones do not.</summary>
    [JsonPropertyName("groupRetryPolicy")]
    public System.Text.Json.JsonElement? GroupRetryPolicy { get; init; }

    [JsonPropertyName("groupSysFlag")]
    public int GroupSysFlag { get; init; }

    [JsonPropertyName("notifyConsumerIdsChangedEnable")]
    public bool NotifyConsumerIdsChangedEnable { get; set; } = true;

    [JsonPropertyName("retryMaxTimes")]
    public int RetryMaxTimes { get; set; } = 16;

    [JsonPropertyName("retryQueueNums")]
    public int RetryQueueNums { get; set; } = 1;

    [JsonPropertyName("whichBrokerWhenConsumeSlowly")]
    public long WhichBrokerWhenConsumeSlowly { get; set; } = 1;

    [JsonIgnore]
    public string Name => GroupName ?? string.Empty;
}
