using System.Text.Json.Serialization;

namespace RocketOps.Protocol.Bodies;

/// <summary>RocketMQ's KVTable: runtime figures, values of a name server's namespace.</summary>
public sealed record KeyValueTable
{
    [JsonPropertyName("table")]
    public required IReadOnlyDictionary<string, string> Table { get; init; }
}
