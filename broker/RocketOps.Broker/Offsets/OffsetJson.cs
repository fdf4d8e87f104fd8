using System.Text.Json.Serialization;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Offsets;

/// <summary>Bodies and files of offsets, as <see cref="BrokerJson"/> reads and writes them.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(OffsetTableFile))]
[JsonSerializable(typeof(DelayOffsetFile))]
internal sealed partial class OffsetJson : JsonSerializerContext;
