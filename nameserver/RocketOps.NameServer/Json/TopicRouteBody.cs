using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Json;

/// <summary>TopicRouteData of a REGISTER_TOPIC_IN_NAMESRV body, of which only the queues count.</summary>
internal sealed record TopicRouteBody
{
    [JsonPropertyName("queueDatas")]
    public IReadOnlyList<QueueDataBody>? Queues { get; init; }
}
