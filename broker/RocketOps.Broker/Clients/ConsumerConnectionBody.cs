using System.Text.Json.Serialization;

namespace RocketOps.Broker.Clients;

/// <summary>Answer to GET_CONSUMER_CONNECTION_LIST. Source: admin.md §2.4.</summary>
internal sealed class ConsumerConnectionBody
{
    [JsonPropertyName("connectionSet")]
    public required IReadOnlyList<ConnectionBody> Connections { get; init; }

    [JsonPropertyName("consumeFromWhere")]
    public required string ConsumeFromWhere { get; init; }

    [JsonPropertyName("consumeType")]
    public required string ConsumeType { get; init; }

    [JsonPropertyName("messageModel")]
    public required string MessageModel { get; init; }

    [JsonPropertyName("subscriptionTable")]
    public required IReadOnlyDictionary<string, SubscriptionData> Subscriptions { get; init; }
}
