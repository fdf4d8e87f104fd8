using System.Text.Json.Serialization;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Bodies;

namespace RocketOps.NameServer.Json;

/// <summary>TopicConfigSerializeWrapper of a registration body.</summary>
internal sealed record TopicConfigWrapperBody
{
    /// <summary>The version of the table; null stands for version 0.</summary>
    [JsonPropertyName("dataVersion")]
    public DataVersion? DataVersion { get; init; }

    [JsonPropertyName("topicConfigTable")]
    public Dictionary<string, TopicConfigBody>? Topics { get; init; }

    /// <summary>Mappings of static topics.</summary>
    [JsonPropertyName("topicQueueMappingInfoMap")]
    public Dictionary<string, TopicQueueMappingInfo>? Mappings { get; init; }
}
