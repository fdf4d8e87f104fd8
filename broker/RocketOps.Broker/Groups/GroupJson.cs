using System.Text.Json;
using System.Text.Json.Serialization;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Groups;

/// <summary>Bodies and files of consumer groups, as <see cref="BrokerJson"/> reads and writes them.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(GroupTableFile))]
[JsonSerializable(typeof(SubscriptionGroupConfig))]
[JsonSerializable(typeof(GroupConfigList))]
[JsonSerializable(typeof(GroupListBody))]
[JsonSerializable(typeof(GroupNamesBody))]
[JsonSerializable(typeof(RequestMode))]
[JsonSerializable(typeof(RequestModeFile))]
internal sealed partial class GroupJson : JsonSerializerContext
{
    /// <summary>The same members; how they are set is the writer's.</summary>
    public static readonly GroupJson Files = new(new JsonSerializerOptions { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull });
}
