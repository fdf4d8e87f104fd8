using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "rbac.authorization.k8s.io", ApiVersion = "v1", Kind = "Role", PluralName = "roles")]
public sealed class Role : IKubernetesObject
{
    public string ApiVersion { get; set; } = "rbac.authorization.k8s.io/v1";

    public string Kind { get; set; } = "Role";

    public ObjectMeta Metadata { get; set; } = new();

    public List<PolicyRule>? Rules { get; set; }
}

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

public sealed class AggregationRule
{
    public List<LabelSelector>? ClusterRoleSelectors { get; set; }
}

public sealed class PolicyRule
{
    public List<string>? Verbs { get; set; }

    public List<string>? ApiGroups { get; set; }

    public List<string>? Resources { get; set; }

    public List<string>? ResourceNames { get; set; }

    public List<string>? NonResourceURLs { get; set; }
}
