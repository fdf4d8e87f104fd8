using System.Text.Json.Serialization;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Topics;

/// <summary>Answer to GET_ALL_TOPIC_CONFIG and the topic part of REGISTER_BROKER, with the (always empty) static-topic members a 5.x peer looks for.</summary>
internal sealed class AllTopicsBody
{
    [JsonPropertyName("dataVersion")]
    public required DataVersion DataVersion { get; init; }

    [JsonPropertyName("mappingDataVersion")]
    public DataVersion MappingDataVersion { get; init; } = new();

    [JsonPropertyName("topicConfigTable")]
    public required IReadOnlyDictionary<string, TopicConfig> Topics { get; init; }

    [JsonPropertyName("topicQueueMappingDetailMap")]
    public IReadOnlyDictionary<string, string> MappingDetails { get; init; } = new Dictionary<string, string>();

    [JsonPropertyName("topicQueueMappingInfoMap")]
    public IReadOnlyDictionary<string, string> MappingInfos { get; init; } = new Dictionary<string, string>();
}
