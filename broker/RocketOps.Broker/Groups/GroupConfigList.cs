using System.Text.Json.Serialization;

namespace RocketOps.Broker.Groups;

/// <summary>Body of UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST.</summary>
internal sealed class GroupConfigList
{
    [JsonPropertyName("groupConfigList")]
    public List<SubscriptionGroupConfig>? Groups { get; init; }
}
