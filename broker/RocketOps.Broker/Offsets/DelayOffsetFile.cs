using System.Text.Json.Serialization;

namespace RocketOps.Broker.Offsets;

/// <summary>delayOffset.json: delay level → next offset of its queue. Source: store.md §1.4.</summary>
internal sealed class DelayOffsetFile
{
    [JsonPropertyName("offsetTable")]
    public Dictionary<int, long>? Offsets { get; init; }
}
