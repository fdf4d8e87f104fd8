using System.Text.Json.Serialization;

namespace RocketOps.Client.Consuming;

internal sealed record BroadcastOffset(
    [property: JsonPropertyName("queue")] MessageQueue Queue,
    [property: JsonPropertyName("offset")] long Offset);
