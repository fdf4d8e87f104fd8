using System.Text.Json.Serialization;

namespace RocketOps.Broker.Groups;

/// <summary>Answer to QUERY_TOPIC_CONSUME_BY_WHO.</summary>
internal sealed class GroupListBody
{
    [JsonPropertyName("groupList")]
    public required IReadOnlyList<string> Groups { get; init; }
}
