using System.Text.Json.Serialization;

namespace RocketOps.Broker.Offsets;

/// <summary>consumerOffset.json: <c>topic@group</c> → queue id → offset. Source: store.md §1.4.</summary>
internal sealed class OffsetTableFile
{
    [JsonPropertyName("offsetTable")]
    public Dictionary<string, Dictionary<int, long>>? Offsets { get; init; }
}
