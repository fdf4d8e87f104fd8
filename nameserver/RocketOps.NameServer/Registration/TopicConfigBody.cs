using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Registration;

/// <summary>A topic in a registration body; members that routes do not need are passed over.</summary>
internal sealed record TopicConfigBody
{
    [JsonPropertyName("topicName")]
    public string? TopicName { get; init; }

    [JsonPropertyName("readQueueNums")]
    public int ReadQueues { get; init; } = 16;

    [JsonPropertyName("writeQueueNums")]
    public int WriteQueues { get; init; } = 16;

    [JsonPropertyName("perm")]
    public int Perm { get; init; } = 6;

    [JsonPropertyName("topicSysFlag")]
    public int SysFlag { get; init; }
}
