using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Json;

/// <summary>Body of REGISTER_BROKER as JSON. Source: remoting.md §3.3.</summary>
internal sealed record RegisterBrokerBody
{
    [JsonPropertyName("topicConfigSerializeWrapper")]
    public TopicConfigWrapperBody? TopicConfigs { get; init; }
}
