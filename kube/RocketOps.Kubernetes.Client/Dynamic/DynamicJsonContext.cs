using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Dynamic;

/// <summary>Serializer code for objects of any kind, with the rules of the built-in ones (<c>KubernetesJsonContext</c>).</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(KubernetesObject))]
[JsonSerializable(typeof(ObjectMeta))]
internal sealed partial class DynamicJsonContext : JsonSerializerContext;
