using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>One client connected to a broker.</summary>
public sealed record ClientConnection
{
    [JsonPropertyName("clientId")]
    public string ClientId { get; init; } = string.Empty;

    [JsonPropertyName("clientAddr")]
    public string Address { get; init; } = string.Empty;

    [JsonPropertyName("language")]
    public string? Language { get; init; }

    /// <summary>Ordinal of the client's release (remoting.md §1.7).</summary>
    [JsonPropertyName("version")]
    public int Version { get; init; }
}
