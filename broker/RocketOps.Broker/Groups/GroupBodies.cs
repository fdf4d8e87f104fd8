using System.Text.Json.Serialization;
using RocketOps.Broker.Persistence;
using RocketOps.Protocol.Bodies;

namespace RocketOps.Broker.Groups;

/// <summary>Body of UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST.</summary>
internal sealed class GroupConfigList
{
    [JsonPropertyName("groupConfigList")]
    public List<SubscriptionGroupConfig>? Groups { get; init; }
}

/// <summary>Body of GET_GROUP_SUMMARIES.</summary>
internal sealed class GroupNamesBody
{
    [JsonPropertyName("groups")]
    [JsonRequired]
    public IReadOnlyList<string?> Groups { get; init; } = [];
}

/// <summary>Answer to QUERY_TOPIC_CONSUME_BY_WHO.</summary>
internal sealed class GroupListBody
{
    [JsonPropertyName("groupList")]
    public required IReadOnlyList<string> Groups { get; init; }
}

/// <summary>subscriptionGroup.json, and the answer to GET_ALL_SUBSCRIPTIONGROUP_CONFIG. Source: store.md §1.4.</summary>
internal sealed record GroupTableFile
{
    [JsonPropertyName("dataVersion")]
    public DataVersion? DataVersion { get; init; }

    /// <summary>group → topic → bit mask. What the group may not do with the topic: <see cref="GroupState.ReadForbidden"/>.</summary>
    [JsonPropertyName("forbiddenTable")]
    public Dictionary<string, Dictionary<string, int>>? Forbidden { get; init; }

    /// <summary>Deletions, in answers to slaves only; ours. Null from a master that notes none.</summary>
    [JsonPropertyName("rocketOpsDeletions")]
    public Dictionary<string, DeletionNote>? Deletions { get; init; }

    /// <summary>History of the table, in the file only; ours.</summary>
    [JsonPropertyName("rocketOpsHistory")]
    public TableHistoryFile? History { get; init; }

    [JsonPropertyName("subscriptionGroupTable")]
    public Dictionary<string, SubscriptionGroupConfig>? Groups { get; init; }
}
