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

    /// <summary>
    /// Broker name → a sentence that says which brokers claim the name where there is room for one, and what to do. Empty when there is
    /// no such
    /// conflict, and with RocketMQ's name servers, which do not say.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, string> Conflicts { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Returns the same with the conflicts of an answer's header: a line for each, with a tab between name and sentence.</summary>
    internal ClusterInfo WithConflicts(string? header)
    {
        if (string.IsNullOrEmpty(header))
        {
            return this;
        }

        Dictionary<string, string> conflicts = new(StringComparer.Ordinal);
        foreach (string line in header.Split('\n'))
        {
            if (line.IndexOf('\t', StringComparison.Ordinal) is > 0 and int tab)
            {
                conflicts[line[..tab]] = line[(tab + 1)..];
            }
        }

        return this with { Conflicts = conflicts };
    }
}
