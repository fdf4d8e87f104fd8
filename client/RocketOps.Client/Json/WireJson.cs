using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Client.Subscriptions;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;

namespace RocketOps.Client.Json;

/// <summary>The JSON bodies the client reads and writes, without reflection.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    MaxDepth = 32)]
[JsonSerializable(typeof(TopicRoute))]
[JsonSerializable(typeof(ClusterInfo))]
[JsonSerializable(typeof(TopicConfig))]
[JsonSerializable(typeof(TopicConfigTable))]
[JsonSerializable(typeof(TopicStats))]
[JsonSerializable(typeof(PendingMessages))]
[JsonSerializable(typeof(ConsumeStats))]
[JsonSerializable(typeof(SubscriptionGroupConfig))]
[JsonSerializable(typeof(SubscriptionGroupTable))]
[JsonSerializable(typeof(ConsumerConnections))]
[JsonSerializable(typeof(GroupNamesBody))]
[JsonSerializable(typeof(GroupSummaryTable))]
[JsonSerializable(typeof(KeyValueTable))]
[JsonSerializable(typeof(NameList))]
[JsonSerializable(typeof(HeartbeatBody))]
[JsonSerializable(typeof(ClientCheckBody))]
[JsonSerializable(typeof(OffsetTableBody))]
[JsonSerializable(typeof(IReadOnlyList<Subscription>))]
[JsonSerializable(typeof(BroadcastOffsets))]
[JsonSerializable(typeof(LockBody))]
[JsonSerializable(typeof(LockResultBody))]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>
    /// Reads the body of an answer in fastjson's dialect. Throws <see cref="RocketMqException"/> when it is not what the request asks
    /// for.
    /// </summary>
    public static T Read<T>(RemotingCommand response, JsonTypeInfo<T> type, string address)
        where T : class
    {
        try
        {
            T? value = JsonSerializer.Deserialize(LenientJson.ToStrict(response.Body.Span), type);
            return value ?? throw new RocketMqException($"{address} answered null where {type.Type.Name} is expected") { Reason = RocketMqErrorReason.InvalidAnswer };
        }
        catch (Exception malformed) when (malformed is JsonException or FormatException)
        {
            throw new RocketMqException($"{address} answered a body that is no {type.Type.Name}: {malformed.Message}", malformed) { Reason = RocketMqErrorReason.InvalidAnswer };
        }
    }
}
