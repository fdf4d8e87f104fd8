using System.Text.Json.Serialization;

namespace RocketOps.Broker.Clients;

/// <summary>Answer to GET_PRODUCER_CONNECTION_LIST.</summary>
internal sealed class ProducerConnectionBody
{
    [JsonPropertyName("connectionSet")]
    public required IReadOnlyList<ConnectionBody> Connections { get; init; }
}
