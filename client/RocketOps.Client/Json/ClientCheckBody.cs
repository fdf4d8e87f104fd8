using System.Text.Json.Serialization;
using RocketOps.Client.Subscriptions;

namespace RocketOps.Client.Json;

/// <summary>Body of CHECK_CLIENT_CONFIG.</summary>
internal sealed record ClientCheckBody
{
    [JsonPropertyName("clientId")]
    public required string ClientId { get; init; }

    [JsonPropertyName("group")]
    public required string Group { get; init; }

    [JsonPropertyName("subscriptionData")]
    public required Subscription Subscription { get; init; }
}
