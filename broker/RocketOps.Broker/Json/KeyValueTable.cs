using System.Text.Json.Serialization;

namespace RocketOps.Broker.Json;

/// <summary>RocketMQ's KVTable: runtime figures, configuration of a name server.</summary>
internal sealed class KeyValueTable
{
    [JsonPropertyName("table")]
    public required IReadOnlyDictionary<string, string> Table { get; init; }
}
