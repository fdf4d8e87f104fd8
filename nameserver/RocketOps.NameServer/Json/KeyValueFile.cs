using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Json;

/// <summary>Content of kvConfig.json: namespace → key → value.</summary>
internal sealed record KeyValueFile
{
    [JsonPropertyName("configTable")]
    public Dictionary<string, Dictionary<string, string>>? Table { get; init; }
}
