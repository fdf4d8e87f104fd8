using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>A topic as one broker holds it.</summary>
public sealed record TopicConfig
{
    /// <summary>Makes a topic with the settings that RocketMQ's tools begin with.</summary>
    public TopicConfig()
        : this(readQueues: 8, writeQueues: 8)
    {
    }

    // What a broker leaves out is as RocketMQ's class begins (apache/rocketmq TopicConfig); generated code would make it 0.
    [JsonConstructor]
    internal TopicConfig(int readQueues = 16, int writeQueues = 16, TopicPermission permission = TopicPermission.ReadWrite)
    {
        (ReadQueues, WriteQueues, Permission) = (readQueues, writeQueues, permission);
    }

    [JsonPropertyName("topicName")]
    [AllowNull]
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Queues consumers read, from 0.</summary>
    [JsonPropertyName("readQueueNums")]
    public int ReadQueues { get; init; }

    /// <summary>Queues producers write, from 0.</summary>
    [JsonPropertyName("writeQueueNums")]
    public int WriteQueues { get; init; }

    [JsonPropertyName("perm")]
    public TopicPermission Permission { get; init; }

    /// <summary><c>SINGLE_TAG</c> or <c>MULTI_TAG</c>.</summary>
    [JsonPropertyName("topicFilterType")]
    [AllowNull]
    public string FilterType { get; init => field = value ?? "SINGLE_TAG"; } = "SINGLE_TAG";

    /// <summary>Bit 0: unit topic, bit 1: has unit subscriptions.</summary>
    [JsonPropertyName("topicSysFlag")]
    public int SysFlag { get; init; }

    [JsonPropertyName("order")]
    public bool Order { get; init; }

    /// <summary>Attributes of 5.x brokers, for example <c>message.type</c> → <c>FIFO</c>; empty for older ones.</summary>
    [JsonPropertyName("attributes")]
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }

    /// <summary>
    /// True when the broker has queues of a static topic for it. Told only when all topics of a broker are read (5.x, RocketOps), false
    /// otherwise.
    /// </summary>
    [JsonIgnore]
    public bool IsStatic { get; init; }
}
