using System.Text.Json;
using System.Text.Json.Serialization;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Topics;

/// <summary>Bodies and files of topics, as <see cref="BrokerJson"/> reads and writes them.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(TopicTableFile))]
[JsonSerializable(typeof(TopicHistoryFile))]
[JsonSerializable(typeof(TopicConfig))]
[JsonSerializable(typeof(TopicConfigList))]
[JsonSerializable(typeof(AllTopicsBody))]
[JsonSerializable(typeof(TopicListBody))]
[JsonSerializable(typeof(RegisterBody))]
internal sealed partial class TopicJson : JsonSerializerContext
{
    /// <summary>The same members; how they are set is the writer's.</summary>
    public static readonly TopicJson Files = new(new JsonSerializerOptions { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull });
}
