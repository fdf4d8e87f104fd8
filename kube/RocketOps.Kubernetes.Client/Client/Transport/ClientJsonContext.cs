using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>
/// Serializer code for what the client itself reads and writes, whatever the kind. Apart from <see cref="KubernetesJsonContext"/>, so that a program that speaks
/// of a few kinds carries those alone when it is compiled natively.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Status))]
[JsonSerializable(typeof(ListMeta))]
[JsonSerializable(typeof(DeleteOptions))]
[JsonSerializable(typeof(Eviction))]
internal sealed partial class ClientJsonContext : JsonSerializerContext;
