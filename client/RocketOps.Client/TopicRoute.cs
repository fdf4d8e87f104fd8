using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>Route of a topic, as a name server knows it.</summary>
public sealed record TopicRoute
{
    [JsonPropertyName("brokerDatas")]
    public IReadOnlyList<BrokerData> Brokers { get; init; } = [];

    [JsonPropertyName("queueDatas")]
    public IReadOnlyList<QueueData> Queues { get; init; } = [];

    /// <summary><c>broker-a:8;broker-b:8</c>; null when the topic is not ordered.</summary>
    [JsonPropertyName("orderTopicConf")]
    public string? OrderTopicConf { get; init; }

    /// <summary>Broker name → the logical queues it leads; null or empty when the topic is not static.</summary>
    [JsonPropertyName("topicQueueMappingByBroker")]
    public IReadOnlyDictionary<string, StaticTopicQueues>? StaticQueues { get; init; }
}

/// <summary>The logical queues of a static topic that one broker leads. Source: decision 0048.</summary>
public sealed record StaticTopicQueues
{
    /// <summary>Epoch of the broker's claim: of two brokers that claim one queue, the one with the higher number leads it.</summary>
    [JsonPropertyName("epoch")]
    public long Epoch { get; init; }

    /// <summary>Logical queue → the broker's own queue.</summary>
    [JsonPropertyName("currIdMap")]
    public IReadOnlyDictionary<int, int> Current { get; init; } = new Dictionary<int, int>();
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
