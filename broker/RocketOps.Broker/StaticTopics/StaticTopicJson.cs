using System.Text.Json;
using System.Text.Json.Serialization;
using RocketOps.Broker.Json;
using RocketOps.Broker.StaticTopics.Mappings;

namespace RocketOps.Broker.StaticTopics;

/// <summary>Bodies and files of static topics, as <see cref="BrokerJson"/> reads and writes them.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(TopicQueueMapping))]
[JsonSerializable(typeof(TopicQueueMappingFile))]
[JsonSerializable(typeof(ClusterInfoBody))]
internal sealed partial class StaticTopicJson : JsonSerializerContext
{
    /// <summary>The same members; how they are set is the writer's.</summary>
    public static readonly StaticTopicJson Files = new(new JsonSerializerOptions { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull });
}
