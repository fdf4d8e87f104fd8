using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>Route of a topic, as a name server knows it.</summary>
public sealed record TopicRoute
{
    [JsonPropertyName("brokerDatas")]
    [AllowNull]
    public IReadOnlyList<BrokerData> Brokers { get => field ?? []; init; }

    [JsonPropertyName("queueDatas")]
    [AllowNull]
    public IReadOnlyList<QueueData> Queues { get => field ?? []; init; }

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
    [AllowNull]
    public IReadOnlyDictionary<int, int> Current { get => field ?? ReadOnlyDictionary<int, int>.Empty; init; }
}

/// <summary>The members of one broker group. Id 0 is the master.</summary>
public sealed record BrokerData
{
    public const long MasterId = 0;

    [JsonPropertyName("cluster")]
    [AllowNull]
    public string Cluster { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("brokerName")]
    [AllowNull]
    public string BrokerName { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Broker id → <c>host:port</c>.</summary>
    [JsonPropertyName("brokerAddrs")]
    [AllowNull]
    public IReadOnlyDictionary<long, string> Addresses { get => field ?? ReadOnlyDictionary<long, string>.Empty; init; }

    /// <summary>Address of the master; null while the group has none.</summary>
    [JsonIgnore]
    public string? MasterAddress => Addresses.GetValueOrDefault(MasterId);
}

/// <summary>The queues of a topic on one broker group.</summary>
public sealed record QueueData
{
    [JsonPropertyName("brokerName")]
    [AllowNull]
    public string BrokerName { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("readQueueNums")]
    public int ReadQueues { get; init; }

    [JsonPropertyName("writeQueueNums")]
    public int WriteQueues { get; init; }

    [JsonPropertyName("perm")]
    public TopicPermission Permission { get; init; }

    [JsonPropertyName("topicSysFlag")]
    public int SysFlag { get; init; }
}
