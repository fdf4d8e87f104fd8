using System.Text.Json.Serialization;

namespace RocketOps.Client.Json;

/// <summary>Body of GET_ALL_TOPIC_CONFIG.</summary>
internal sealed record TopicConfigTable
{
    [JsonPropertyName("topicConfigTable")]
    public IReadOnlyDictionary<string, TopicConfig> Topics { get; init; } = new Dictionary<string, TopicConfig>(StringComparer.Ordinal);
}

/// <summary>Body of GET_ALL_SUBSCRIPTIONGROUP_CONFIG.</summary>
internal sealed record SubscriptionGroupTable
{
    [JsonPropertyName("subscriptionGroupTable")]
    public IReadOnlyDictionary<string, SubscriptionGroupConfig> Groups { get; init; } = new Dictionary<string, SubscriptionGroupConfig>(StringComparer.Ordinal);
}

/// <summary>RocketMQ's KVTable.</summary>
internal sealed record KeyValueTable
{
    [JsonPropertyName("table")]
    public IReadOnlyDictionary<string, string> Table { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>Bodies that are a list of names under one of three members.</summary>
internal sealed record NameList
{
    [JsonPropertyName("topicList")]
    public IReadOnlyList<string>? Topics { get; init; }

    [JsonPropertyName("groupList")]
    public IReadOnlyList<string>? Groups { get; init; }

    [JsonPropertyName("consumerIdList")]
    public IReadOnlyList<string>? ConsumerIds { get; init; }
}
