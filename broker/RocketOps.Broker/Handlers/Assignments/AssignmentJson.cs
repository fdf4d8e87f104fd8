using System.Text.Json.Serialization;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Handlers.Assignments;

/// <summary>Bodies of assignments, as <see cref="BrokerJson"/> reads and writes them.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(AssignmentQuery))]
[JsonSerializable(typeof(AssignmentsBody))]
[JsonSerializable(typeof(RouteBody))]
internal sealed partial class AssignmentJson : JsonSerializerContext;
