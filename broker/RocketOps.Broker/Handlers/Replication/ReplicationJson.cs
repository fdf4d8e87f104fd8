using System.Text.Json.Serialization;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Handlers.Replication;

/// <summary>Bodies of replication, as <see cref="BrokerJson"/> reads and writes them.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(HaStatusBody))]
internal sealed partial class ReplicationJson : JsonSerializerContext;
