using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>All brokers a name server knows.</summary>
public sealed record ClusterInfo
{
    /// <summary>Broker name → its members.</summary>
    [JsonPropertyName("brokerAddrTable")]
    public IReadOnlyDictionary<string, BrokerData> Brokers { get; init; } = new Dictionary<string, BrokerData>(StringComparer.Ordinal);

    /// <summary>Cluster name → broker names.</summary>
    [JsonPropertyName("clusterAddrTable")]
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Clusters { get; init; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
}
