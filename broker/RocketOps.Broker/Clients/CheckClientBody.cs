using System.Text.Json.Serialization;

namespace RocketOps.Broker.Clients;

/// <summary>Body of CHECK_CLIENT_CONFIG.</summary>
internal sealed class CheckClientBody
{
    [JsonPropertyName("clientId")]
    public string? ClientId { get; init; }

    [JsonPropertyName("group")]
    public string? Group { get; init; }

    [JsonPropertyName("subscriptionData")]
    public SubscriptionData? Subscription { get; init; }
}
