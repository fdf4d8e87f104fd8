using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>Objects of the API server are kept as they came: what this version does not know goes back unchanged.</summary>
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class KubernetesJson : JsonSerializerContext;
