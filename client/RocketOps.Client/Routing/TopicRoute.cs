using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>Where a topic lives, as a name server knows it.</summary>
public sealed record TopicRoute
{
    [JsonPropertyName("brokerDatas")]
    public IReadOnlyList<BrokerData> Brokers { get; init; } = [];

    [JsonPropertyName("queueDatas")]
    public IReadOnlyList<QueueData> Queues { get; init; } = [];

    /// <summary><c>broker-a:8;broker-b:8</c>; null when the topic is not ordered.</summary>
    [JsonPropertyName("orderTopicConf")]
    public string? OrderTopicConf { get; init; }
}

/// <summary>The members of one broker group. Id 0 is the master.</summary>
public sealed record BrokerData
{
    public const long MasterId = 0;

    [JsonPropertyName("cluster")]
    public string Cluster { get; init; } = string.Empty;

    [JsonPropertyName("brokerName")]
    public string BrokerName { get; init; } = string.Empty;

    /// <summary>Broker id → <c>host:port</c>.</summary>
    [JsonPropertyName("brokerAddrs")]
    public IReadOnlyDictionary<long, string> Addresses { get; init; } = new Dictionary<long, string>();

    /// <summary>Address of the master; null while the group has none.</summary>
    [JsonIgnore]
    public string? MasterAddress => Addresses.GetValueOrDefault(MasterId);
}

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
