using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>The live members of a consumer group as one broker sees them.</summary>
public sealed record ConsumerConnections
{
    [JsonPropertyName("connectionSet")]
    [AllowNull]
    public IReadOnlyList<ClientConnection> Connections { get => field ?? []; init; }

    /// <summary><c>CONSUME_PASSIVELY</c> (push), <c>CONSUME_ACTIVELY</c> (pull) or <c>CONSUME_POP</c>.</summary>
    [JsonPropertyName("consumeType")]
    public string? ConsumeType { get; init; }

    /// <summary><c>CLUSTERING</c> or <c>BROADCASTING</c>.</summary>
    [JsonPropertyName("messageModel")]
    public string? MessageModel { get; init; }

    [JsonPropertyName("consumeFromWhere")]
    public string? ConsumeFromWhere { get; init; }
}

/// <summary>One client connected to a broker.</summary>
public sealed record ClientConnection
{
    [JsonPropertyName("clientId")]
    [AllowNull]
    public string ClientId { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("clientAddr")]
    [AllowNull]
    public string Address { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("language")]
    public string? Language { get; init; }

    /// <summary>Ordinal of the client's release.</summary>
    [JsonPropertyName("version")]
    public int Version { get; init; }
}
