using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "rbac.authorization.k8s.io", ApiVersion = "v1", Kind = "ClusterRole", PluralName = "clusterroles")]
[EntityScope(EntityScope.Cluster)]
public sealed class ClusterRole : IKubernetesObject
{
    public string ApiVersion { get; set; } = "rbac.authorization.k8s.io/v1";

    public string Kind { get; set; } = "ClusterRole";

    public ObjectMeta Metadata { get; set; } = new();

    public List<PolicyRule>? Rules { get; set; }

    public AggregationRule? AggregationRule { get; set; }
}
