using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>The queues of a topic on one broker group.</summary>
public sealed record QueueData
{
    [JsonPropertyName("brokerName")]
    public string BrokerName { get; init; } = string.Empty;

    [JsonPropertyName("readQueueNums")]
    public int ReadQueues { get; init; }

    [JsonPropertyName("writeQueueNums")]
    public int WriteQueues { get; init; }

    [JsonPropertyName("perm")]
    public TopicPermission Permission { get; init; }

    [JsonPropertyName("topicSysFlag")]
    public int SysFlag { get; init; }
}
