using System.Text.Json.Serialization;

namespace RocketOps.Client.Json;

/// <summary>Body of GET_ALL_TOPIC_CONFIG.</summary>
internal sealed record TopicConfigTable
{
    [JsonPropertyName("topicConfigTable")]
    public IReadOnlyDictionary<string, TopicConfig> Topics { get; init; } = new Dictionary<string, TopicConfig>(StringComparer.Ordinal);
}
