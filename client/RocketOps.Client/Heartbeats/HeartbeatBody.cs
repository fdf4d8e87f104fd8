using System.Text.Json.Serialization;

namespace RocketOps.Client.Heartbeats;

/// <summary>Body of HEART_BEAT. Source: remoting.md §2.4.</summary>
internal sealed record HeartbeatBody
{
    [JsonPropertyName("clientID")]
    public required string ClientId { get; init; }

    [JsonPropertyName("consumerDataSet")]
    public IReadOnlyList<ConsumerBody> Consumers { get; init; } = [];

    [JsonPropertyName("producerDataSet")]
    public IReadOnlyList<ProducerBody> Producers { get; init; } = [];
}
