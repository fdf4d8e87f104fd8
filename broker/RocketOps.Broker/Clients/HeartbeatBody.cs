using System.Text.Json.Serialization;
using RocketOps.Broker.Filtering;

namespace RocketOps.Broker.Clients;

/// <summary>Body of HEART_BEAT. Source: remoting.md §2.4.</summary>
internal sealed class HeartbeatBody
{
    [JsonPropertyName("clientID")]
    public string? ClientId { get; init; }

    [JsonPropertyName("consumerDataSet")]
    public IReadOnlyList<ConsumerData>? Consumers { get; init; }

    /// <summary>5.x: a hash of all subscriptions; 0 from clients that do not use it.</summary>
    [JsonPropertyName("heartbeatFingerprint")]
    public int Fingerprint { get; init; }

    [JsonPropertyName("producerDataSet")]
    public IReadOnlyList<ProducerData>? Producers { get; init; }

    /// <summary>5.x: subscriptions are left out because nothing has changed since the fingerprint was sent.</summary>
    [JsonPropertyName("withoutSub")]
    public bool WithoutSubscriptions { get; init; }

    internal sealed class ConsumerData
    {
        [JsonPropertyName("consumeFromWhere")]
        public string? ConsumeFromWhere { get; init; }

        [JsonPropertyName("consumeType")]
        public string? ConsumeType { get; init; }

        [JsonPropertyName("groupName")]
        public string? GroupName { get; init; }

        [JsonPropertyName("messageModel")]
        public string? MessageModel { get; init; }

        [JsonPropertyName("subscriptionDataSet")]
        public IReadOnlyList<SubscriptionData>? Subscriptions { get; init; }

        [JsonPropertyName("unitMode")]
        public bool UnitMode { get; init; }
    }

    internal sealed class ProducerData
    {
        [JsonPropertyName("groupName")]
        public string? GroupName { get; init; }
    }
}
