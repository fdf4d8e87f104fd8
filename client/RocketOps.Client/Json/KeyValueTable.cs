using System.Text.Json.Serialization;

namespace RocketOps.Client.Json;

/// <summary>RocketMQ's KVTable.</summary>
internal sealed record KeyValueTable
{
    [JsonPropertyName("table")]
    public IReadOnlyDictionary<string, string> Table { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
