using System.Text.Json.Serialization;

namespace RocketOps.Broker.Topics;

/// <summary>A list of topic names as several requests answer it.</summary>
internal sealed class TopicListBody
{
    [JsonPropertyName("brokerAddr")]
    public string? BrokerAddress { get; init; }

    [JsonPropertyName("topicList")]
    public required IReadOnlyList<string> Topics { get; init; }
}
