using System.Text.Json.Serialization;

namespace RocketOps.Broker.Clients;

/// <summary>Answer to GET_CONSUMER_LIST_BY_GROUP.</summary>
internal sealed class ConsumerListBody
{
    [JsonPropertyName("consumerIdList")]
    public required IReadOnlyList<string> ClientIds { get; init; }
}
