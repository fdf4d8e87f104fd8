using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Json;

/// <summary>TopicRouteData of a REGISTER_TOPIC_IN_NAMESRV body, of which only the queues count.</summary>
internal sealed record TopicRouteBody
{
    [JsonPropertyName("queueDatas")]
    public IReadOnlyList<QueueDataBody>? Queues { get; init; }
}

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
