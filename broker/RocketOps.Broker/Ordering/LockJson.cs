using System.Text.Json.Serialization;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Bodies;

namespace RocketOps.Broker.Ordering;

/// <summary>Bodies of locks, as <see cref="BrokerJson"/> reads and writes them.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(LockBody))]
[JsonSerializable(typeof(LockResultBody))]
internal sealed partial class LockJson : JsonSerializerContext;
