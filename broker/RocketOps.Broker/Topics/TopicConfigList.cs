using System.Text.Json.Serialization;

namespace RocketOps.Broker.Topics;

/// <summary>Body of UPDATE_AND_CREATE_TOPIC_LIST.</summary>
internal sealed class TopicConfigList
{
    [JsonPropertyName("topicConfigList")]
    public List<TopicConfig>? Topics { get; init; }
}
