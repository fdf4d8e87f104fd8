using System.Text.Json;
using System.Text.Json.Serialization;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Filtering.BitMaps;

/// <summary>Bodies and files of filters, as <see cref="BrokerJson"/> reads and writes them.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(ConsumerFilterFile))]
internal sealed partial class FilterJson : JsonSerializerContext
{
    /// <summary>The same members; how they are set is the writer's.</summary>
    public static readonly FilterJson Files = new(new JsonSerializerOptions { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull });
}
