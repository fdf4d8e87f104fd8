using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>Members and lag of a consumer group on one broker.</summary>
public sealed record GroupSummary
{
    /// <summary>Members that are connected to the broker.</summary>
    [JsonPropertyName("members")]
    public int Members { get; init; }

    /// <summary>Messages of each topic the group has still to consume there.</summary>
    [JsonPropertyName("lags")]
    [AllowNull]
    public IReadOnlyDictionary<string, long> Lags { get => field ?? ReadOnlyDictionary<string, long>.Empty; init; }
}
