using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using RocketOps.Client.Subscriptions;

namespace RocketOps.Client.Json;

/// <summary>Body of HEART_BEAT. Source: remoting.md §2.4.</summary>
internal sealed record HeartbeatBody
{
    [JsonPropertyName("clientID")]
    public required string ClientId { get; init; }

    [JsonPropertyName("consumerDataSet")]
    [AllowNull]
    public IReadOnlyList<ConsumerBody> Consumers { get => field ?? []; init; }

    [JsonPropertyName("producerDataSet")]
    [AllowNull]
    public IReadOnlyList<ProducerBody> Producers { get => field ?? []; init; }
}

internal sealed record ProducerBody([property: JsonPropertyName("groupName"), JsonRequired] string Group);

/// <summary>One consumer group of a heartbeat; enums by RocketMQ's names.</summary>
internal sealed record ConsumerBody
{
    public const string Passively = "CONSUME_PASSIVELY";
    public const string Actively = "CONSUME_ACTIVELY";

    [JsonPropertyName("groupName")]
    public required string Group { get; init; }

    [JsonPropertyName("consumeType")]
    public required string ConsumeType { get; init; }

    [JsonPropertyName("messageModel")]
    public required string MessageModel { get; init; }

    [JsonPropertyName("consumeFromWhere")]
    public required string ConsumeFromWhere { get; init; }

    [JsonPropertyName("subscriptionDataSet")]
    public required IReadOnlyList<Subscription> Subscriptions { get; init; }

    [JsonPropertyName("unitMode")]
    public bool UnitMode { get; init; }
}
