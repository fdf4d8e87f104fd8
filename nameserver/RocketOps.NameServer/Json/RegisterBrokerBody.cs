using System.Text.Json.Serialization;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Bodies;

namespace RocketOps.NameServer.Json;

/// <summary>Body of REGISTER_BROKER as JSON. Source: remoting.md §3.3.</summary>
internal sealed record RegisterBrokerBody
{
    [JsonPropertyName("topicConfigSerializeWrapper")]
    public TopicConfigWrapperBody? TopicConfigs { get; init; }
}

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

/// <summary>A topic in a registration body; members that routes do not need are passed over. What a broker leaves out is as written here, for which it has to be settable: generated readers give what can only be initialised its type's zero.</summary>
internal sealed record TopicConfigBody
{
    [JsonPropertyName("topicName")]
    public string? TopicName { get; init; }

    [JsonPropertyName("readQueueNums")]
    public int ReadQueues { get; set; } = 16;

    [JsonPropertyName("writeQueueNums")]
    public int WriteQueues { get; set; } = 16;

    [JsonPropertyName("perm")]
    public int Perm { get; set; } = 6;

    [JsonPropertyName("topicSysFlag")]
    public int SysFlag { get; init; }
}
