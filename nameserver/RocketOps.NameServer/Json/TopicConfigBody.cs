using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Json;

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
