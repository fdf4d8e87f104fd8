using System.Text.Json.Serialization;

namespace RocketOps.Broker.Topics;

/// <summary>Body of REGISTER_BROKER. Source: remoting.md §3.3.</summary>
internal sealed class RegisterBody
{
    [JsonPropertyName("filterServerList")]
    public IReadOnlyList<string> FilterServers { get; init; } = [];

    [JsonPropertyName("topicConfigSerializeWrapper")]
    public required AllTopicsBody Topics { get; init; }
}
