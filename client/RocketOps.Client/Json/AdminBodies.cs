using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RocketOps.Client.Json;

/// <summary>Body of GET_ALL_TOPIC_CONFIG.</summary>
internal sealed record TopicConfigTable
{
    [JsonPropertyName("topicConfigTable")]
    [AllowNull]
    public IReadOnlyDictionary<string, TopicConfig> Topics { get => field ?? ReadOnlyDictionary<string, TopicConfig>.Empty; init; }

    /// <summary>Static topics by name, which alone counts; brokers of 4.x have none.</summary>
    [JsonPropertyName("topicQueueMappingDetailMap")]
    public IReadOnlyDictionary<string, JsonElement>? StaticTopics { get; init; }

    /// <summary>The topics, each with whether it is static.</summary>
    public IReadOnlyDictionary<string, TopicConfig> All() => StaticTopics is not { Count: > 0 } mapped
        ? Topics
        : Topics.ToDictionary(static topic => topic.Key, topic => mapped.ContainsKey(topic.Key) ? topic.Value with { IsStatic = true } : topic.Value, StringComparer.Ordinal);
}

/// <summary>Body of GET_ALL_SUBSCRIPTIONGROUP_CONFIG.</summary>
internal sealed record SubscriptionGroupTable
{
    private const int ReadForbidden = 4;

    [JsonPropertyName("subscriptionGroupTable")]
    [AllowNull]
    public IReadOnlyDictionary<string, SubscriptionGroupConfig> Groups
    {
        get => field ?? ReadOnlyDictionary<string, SubscriptionGroupConfig>.Empty;
        init;
    }

    /// <summary>
    /// Forbidden permissions by group and topic; a bit of 4 forbids reading. Brokers of 4.x have none. Source: admin.md §2.3.
    /// </summary>
    [JsonPropertyName("forbiddenTable")]
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>>? Forbidden { get; init; }

    /// <summary>The groups, each with what it may not read.</summary>
    public IReadOnlyDictionary<string, SubscriptionGroupConfig> All() => Forbidden is not { Count: > 0 } forbidden
        ? Groups
        : Groups.ToDictionary(
            static group => group.Key,
            group => forbidden.TryGetValue(group.Key, out IReadOnlyDictionary<string, int>? topics)
                ? group.Value with { ForbiddenTopics = [.. topics.Where(static topic => (topic.Value & ReadForbidden) != 0).Select(static topic => topic.Key).Order(StringComparer.Ordinal)] }
                : group.Value,
            StringComparer.Ordinal);
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

/// <summary>Body of GET_GROUP_SUMMARIES.</summary>
internal sealed class GroupNamesBody
{
    [JsonPropertyName("groups")]
    public required IReadOnlyCollection<string> Groups { get; init; }
}

/// <summary>Answer to it.</summary>
internal sealed class GroupSummaryTable
{
    [JsonPropertyName("groups")]
    public required Dictionary<string, GroupSummary> Groups { get; init; }
}
