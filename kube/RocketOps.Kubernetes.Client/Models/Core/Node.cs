using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "Node", PluralName = "nodes")]
[EntityScope(EntityScope.Cluster)]
public sealed class Node : IKubernetesObject
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "Node";

    public ObjectMeta Metadata { get; set; } = new();

    public NodeSpec? Spec { get; set; }

    public NodeStatus? Status { get; set; }
}
