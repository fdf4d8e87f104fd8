using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>All brokers a name server knows.</summary>
public sealed record ClusterInfo
{
    /// <summary>Broker name → its members.</summary>
    [JsonPropertyName("brokerAddrTable")]
    [AllowNull]
    public IReadOnlyDictionary<string, BrokerData> Brokers { get => field ?? ReadOnlyDictionary<string, BrokerData>.Empty; init; }

    /// <summary>Cluster name → broker names.</summary>
    [JsonPropertyName("clusterAddrTable")]
    [AllowNull]
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Clusters
    {
        get => field ?? ReadOnlyDictionary<string, IReadOnlyList<string>>.Empty;
        init;
    }
}
