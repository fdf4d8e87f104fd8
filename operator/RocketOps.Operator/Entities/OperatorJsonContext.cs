using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Serializer code of the operator's own kinds.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BrokerCluster))]
[JsonSerializable(typeof(Topic))]
[JsonSerializable(typeof(ConsumerGroup))]
internal sealed partial class OperatorJsonContext : JsonSerializerContext;
