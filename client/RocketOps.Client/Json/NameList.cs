using System.Text.Json.Serialization;

namespace RocketOps.Client.Json;

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
