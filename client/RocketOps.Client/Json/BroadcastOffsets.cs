using System.Text.Json.Serialization;

namespace RocketOps.Client.Json;

/// <summary>Content of the file a broadcasting consumer keeps its offsets in.</summary>
internal sealed record BroadcastOffsets
{
    [JsonPropertyName("offsets")]
    public IReadOnlyList<BroadcastOffset>? Offsets { get; init; }
}

internal sealed record BroadcastOffset(
    [property: JsonPropertyName("queue"), JsonRequired] MessageQueue Queue,
    [property: JsonPropertyName("offset")] long Offset);
