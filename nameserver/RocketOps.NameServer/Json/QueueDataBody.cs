using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Json;

/// <summary>QueueData of a REGISTER_TOPIC_IN_NAMESRV body.</summary>
internal sealed record QueueDataBody
{
    [JsonPropertyName("brokerName")]
    public string? BrokerName { get; init; }

    [JsonPropertyName("readQueueNums")]
    public int ReadQueues { get; init; }

    [JsonPropertyName("writeQueueNums")]
    public int WriteQueues { get; init; }

    [JsonPropertyName("perm")]
    public int Perm { get; init; }

    [JsonPropertyName("topicSysFlag")]
    public int SysFlag { get; init; }
}
