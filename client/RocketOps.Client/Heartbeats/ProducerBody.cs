using System.Text.Json.Serialization;

namespace RocketOps.Client.Heartbeats;

internal sealed record ProducerBody([property: JsonPropertyName("groupName")] string Group);
