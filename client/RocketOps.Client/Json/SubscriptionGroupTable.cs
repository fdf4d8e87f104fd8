using System.Text.Json.Serialization;

namespace RocketOps.Client.Json;

/// <summary>Body of GET_ALL_SUBSCRIPTIONGROUP_CONFIG.</summary>
internal sealed record SubscriptionGroupTable
{
    [JsonPropertyName("subscriptionGroupTable")]
    public IReadOnlyDictionary<string, SubscriptionGroupConfig> Groups { get; init; } = new Dictionary<string, SubscriptionGroupConfig>(StringComparer.Ordinal);
}
