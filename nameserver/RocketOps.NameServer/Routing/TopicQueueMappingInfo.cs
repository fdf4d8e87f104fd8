using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Routing;

/// <summary>Which logical queues of a static topic one broker leads, as it registered them. Not changed once it is in a route. Source: remoting.md §3.2.</summary>
internal sealed record TopicQueueMappingInfo
{
    [JsonPropertyName("bname")]
    public string? BrokerName { get; set; }

    /// <summary>Logical queue → physical queue of the broker.</summary>
    [JsonPropertyName("currIdMap")]
    public SortedDictionary<int, int>? LedQueues { get; set; }

    [JsonPropertyName("dirty")]
    public bool Dirty { get; set; }

    /// <summary>Milliseconds since 1970 at which the mapping was made.</summary>
    [JsonPropertyName("epoch")]
    public long Epoch { get; set; }

    [JsonPropertyName("scope")]
    [AllowNull]
    public string Scope { get; set => field = value ?? "__global__"; } = "__global__";

    [JsonPropertyName("topic")]
    public string? Topic { get; set; }

    /// <summary>Logical queues of the topic, on all brokers.</summary>
    [JsonPropertyName("totalQueues")]
    public int TotalQueues { get; set; }

    public bool Equals(TopicQueueMappingInfo? other) =>
        other is not null && BrokerName == other.BrokerName && Dirty == other.Dirty && Epoch == other.Epoch && Scope == other.Scope && Topic == other.Topic
        && TotalQueues == other.TotalQueues && (LedQueues ?? []).SequenceEqual(other.LedQueues ?? []);

    public override int GetHashCode() => HashCode.Combine(BrokerName, Epoch, Topic, TotalQueues);
}
