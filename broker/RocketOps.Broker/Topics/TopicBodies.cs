using System.Text.Json.Serialization;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Protocol.Bodies;

namespace RocketOps.Broker.Topics;

/// <summary>Answer to GET_ALL_TOPIC_CONFIG and the topic part of REGISTER_BROKER, with the static-topic members a 5.x peer looks for.</summary>
internal sealed class AllTopicsBody
{
    [JsonPropertyName("dataVersion")]
    public required DataVersion DataVersion { get; init; }

    [JsonPropertyName("mappingDataVersion")]
    public DataVersion MappingDataVersion { get; set; } = new();

    /// <summary>Deletions, for slaves that ask for them; ours.</summary>
    [JsonPropertyName("rocketOpsDeletions")]
    public IReadOnlyDictionary<string, DeletionNote>? Deletions { get; set; }

    [JsonPropertyName("topicConfigTable")]
    public required IReadOnlyDictionary<string, TopicConfig> Topics { get; init; }

    [JsonPropertyName("topicQueueMappingDetailMap")]
    public IReadOnlyDictionary<string, TopicQueueMapping> MappingDetails { get; set; } = new Dictionary<string, TopicQueueMapping>();

    [JsonPropertyName("topicQueueMappingInfoMap")]
    public IReadOnlyDictionary<string, TopicQueueMapping> MappingInfos { get; set; } = new Dictionary<string, TopicQueueMapping>();
}

/// <summary>Body of REGISTER_BROKER. Source: remoting.md §3.3.</summary>
internal sealed class RegisterBody
{
    [JsonPropertyName("filterServerList")]
    public IReadOnlyList<string> FilterServers { get; set; } = [];

    [JsonPropertyName("topicConfigSerializeWrapper")]
    public required AllTopicsBody Topics { get; init; }
}

/// <summary>Body of UPDATE_AND_CREATE_TOPIC_LIST.</summary>
internal sealed class TopicConfigList
{
    [JsonPropertyName("topicConfigList")]
    public List<TopicConfig>? Topics { get; init; }
}

/// <summary>A list of topic names as several requests answer it.</summary>
internal sealed class TopicListBody
{
    [JsonPropertyName("brokerAddr")]
    public string? BrokerAddress { get; init; }

    [JsonPropertyName("topicList")]
    public required IReadOnlyList<string> Topics { get; init; }
}

/// <summary>topics.json without its topics.</summary>
internal sealed class TopicHistoryFile
{
    /// <inheritdoc cref="TopicTableFile.History"/>
    [JsonPropertyName("rocketOpsHistory")]
    public TableHistoryFile? History { get; init; }
}

/// <summary>topics.json; also the body of a registration. Source: store.md §1.4.</summary>
internal sealed class TopicTableFile
{
    [JsonPropertyName("dataVersion")]
    public DataVersion? DataVersion { get; init; }

    /// <summary>History of the table, in the file only; ours.</summary>
    [JsonPropertyName("rocketOpsHistory")]
    public TableHistoryFile? History { get; init; }

    /// <summary>Deletions, in answers to slaves only; ours. Null from a master that notes none.</summary>
    [JsonPropertyName("rocketOpsDeletions")]
    public Dictionary<string, DeletionNote>? Deletions { get; init; }

    [JsonPropertyName("topicConfigTable")]
    public Dictionary<string, TopicConfig>? Topics { get; init; }

    /// <summary>Version of the mappings, in answers only.</summary>
    [JsonPropertyName("mappingDataVersion")]
    public DataVersion? MappingDataVersion { get; init; }

    /// <summary>Mappings of static topics, in answers only.</summary>
    [JsonPropertyName("topicQueueMappingDetailMap")]
    public Dictionary<string, TopicQueueMapping>? MappingDetails { get; init; }
}
