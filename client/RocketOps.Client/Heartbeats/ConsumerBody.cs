using System.Text.Json.Serialization;

namespace RocketOps.Client.Heartbeats;

/// <summary>One consumer group of a heartbeat; enums by RocketMQ's names.</summary>
internal sealed record ConsumerBody
{
    [JsonPropertyName("groupName")]
    public required string Group { get; init; }

    [JsonPropertyName("consumeType")]
    public string ConsumeType { get; init; } = "CONSUME_PASSIVELY";

    [JsonPropertyName("messageModel")]
    public required string MessageModel { get; init; }

    [JsonPropertyName("consumeFromWhere")]
    public required string ConsumeFromWhere { get; init; }

    [JsonPropertyName("subscriptionDataSet")]
    public required IReadOnlyList<Subscription> Subscriptions { get; init; }

    [JsonPropertyName("unitMode")]
    public bool UnitMode { get; init; }
}
