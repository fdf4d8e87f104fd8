using System.Collections.Immutable;
using System.Text.Json.Serialization;
using RocketOps.Protocol.Names;

namespace RocketOps.Broker.Topics;

/// <summary>A topic as it stands in topics.json and in requests; nobody changes one. Settable as <c>SubscriptionGroupConfig</c> is. Source: store.md §1.4, admin.md §2.2.</summary>
internal sealed record TopicConfig
{
    public const string SingleTag = "SINGLE_TAG";
    public const string MultiTag = "MULTI_TAG";

    /// <summary>Attribute that says what kind of queues the topic has, for as long as it lives.</summary>
    public const string QueueType = "queue.type";

    /// <summary>Queues whose units may stand for several messages.</summary>
    public const string BatchQueues = "BatchCQ";

    /// <summary>The usual queues.</summary>
    public const string SimpleQueues = "SimpleCQ";

    /// <summary>More queues than this are a mistake: RocketMQ has no limit, but every one is a folder.</summary>
    public const int MaxQueues = 65_536;

    [JsonPropertyName("attributes")]
    public ImmutableSortedDictionary<string, string>? Attributes { get; set; } = ImmutableSortedDictionary<string, string>.Empty;

    [JsonPropertyName("order")]
    public bool Order { get; init; }

    [JsonPropertyName("perm")]
    public int Perm { get; set; } = PermissionBits.ReadWrite;

    [JsonPropertyName("readQueueNums")]
    public int ReadQueueNums { get; set; } = 16;

    [JsonPropertyName("topicFilterType")]
    public string? TopicFilterType { get; set; } = SingleTag;

    [JsonPropertyName("topicName")]
    public string? TopicName { get; init; }

    /// <summary>1 unit topic, 2 has a unit subscription.</summary>
    [JsonPropertyName("topicSysFlag")]
    public int TopicSysFlag { get; init; }

    [JsonPropertyName("writeQueueNums")]
    public int WriteQueueNums { get; set; } = 16;

    [JsonIgnore]
    public string Name => TopicName ?? string.Empty;

    [JsonIgnore]
    public bool IsReadable => (Perm & PermissionBits.Read) != 0;

    [JsonIgnore]
    public bool IsWriteable => (Perm & PermissionBits.Write) != 0;

    /// <summary>The topic has batch consume queues.</summary>
    [JsonIgnore]
    public bool IsBatch => string.Equals(Attributes?.GetValueOrDefault(QueueType), BatchQueues, StringComparison.Ordinal);

    /// <summary>Same settings; attributes compared by content.</summary>
    public bool SameAs(TopicConfig other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return this with { Attributes = null } == other with { Attributes = null }
            && (Attributes ?? ImmutableSortedDictionary<string, string>.Empty).SequenceEqual(other.Attributes ?? ImmutableSortedDictionary<string, string>.Empty);
    }
}
