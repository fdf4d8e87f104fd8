using System.Text.Json.Serialization;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Clients;

/// <summary>Bodies of clients, as <see cref="BrokerJson"/> reads and writes them.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(HeartbeatBody))]
[JsonSerializable(typeof(CheckClientBody))]
[JsonSerializable(typeof(ConsumerListBody))]
[JsonSerializable(typeof(GroupMembersBody))]
[JsonSerializable(typeof(ConsumerConnectionBody))]
[JsonSerializable(typeof(ProducerConnectionBody))]
[JsonSerializable(typeof(SubscriptionBody))]
internal sealed partial class ClientJson : JsonSerializerContext;
