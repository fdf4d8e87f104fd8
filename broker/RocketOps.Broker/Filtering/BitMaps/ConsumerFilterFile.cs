using System.Text.Json.Serialization;

namespace RocketOps.Broker.Filtering.BitMaps;

/// <summary><c>consumerFilter.json</c>. Source: store.md §1.2.</summary>
internal sealed class ConsumerFilterFile
{
    [JsonPropertyName("filterDataByTopic")]
    public SortedDictionary<string, OfTopic?>? Topics { get; init; }

    /// <summary>The filters on one topic.</summary>
    internal sealed class OfTopic
    {
        [JsonPropertyName("groupFilterData")]
        public SortedDictionary<string, OfGroup?>? Groups { get; init; }

        [JsonPropertyName("topic")]
        public string? Topic { get; init; }
    }

    /// <summary>The filter of one group.</summary>
    internal sealed class OfGroup
    {
        [JsonPropertyName("bloomFilterData")]
        public BitsOfGroup? Bits { get; init; }

        [JsonPropertyName("bornTime")]
        public long BornTime { get; init; }

        [JsonPropertyName("clientVersion")]
        public long ClientVersion { get; init; }

        [JsonPropertyName("consumerGroup")]
        public string? ConsumerGroup { get; init; }

        [JsonPropertyName("dead")]
        public bool IsDead { get; init; }

        [JsonPropertyName("deadTime")]
        public long DeadTime { get; init; }

        [JsonPropertyName("expression")]
        public string? Expression { get; init; }

        [JsonPropertyName("expressionType")]
        public string? ExpressionType { get; init; }

        [JsonPropertyName("topic")]
        public string? Topic { get; init; }
    }

    /// <summary>Which bits are the group's, and how many a map has.</summary>
    internal sealed class BitsOfGroup
    {
        [JsonPropertyName("bitNum")]
        public int BitNum { get; init; }

        [JsonPropertyName("bitPos")]
        public IReadOnlyList<int>? BitPos { get; init; }
    }
}
