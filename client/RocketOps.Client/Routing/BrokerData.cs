using System.Text.Json.Serialization;

namespace RocketOps.Client;

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
