using System.Text.Json.Serialization;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Topics;

/// <summary>topics.json; also the body of a registration. Source: store.md §1.4.</summary>
internal sealed class TopicTableFile
{
    [JsonPropertyName("dataVersion")]
    public DataVersion? DataVersion { get; init; }

    [JsonPropertyName("topicConfigTable")]
    public Dictionary<string, TopicConfig>? Topics { get; init; }
}
