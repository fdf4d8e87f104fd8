using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "rbac.authorization.k8s.io", ApiVersion = "v1", Kind = "RoleBinding", PluralName = "rolebindings")]
public sealed class RoleBinding : IKubernetesObject
{
    public string ApiVersion { get; set; } = "rbac.authorization.k8s.io/v1";

    public string Kind { get; set; } = "RoleBinding";

    public ObjectMeta Metadata { get; set; } = new();

    public List<Subject>? Subjects { get; set; }

    public RoleRef? RoleRef { get; set; }
}

[KubernetesEntity(Group = "rbac.authorization.k8s.io", ApiVersion = "v1", Kind = "ClusterRoleBinding", PluralName = "clusterrolebindings")]
[EntityScope(EntityScope.Cluster)]
public sealed class ClusterRoleBinding : IKubernetesObject
{
    public string ApiVersion { get; set; } = "rbac.authorization.k8s.io/v1";

    public string Kind { get; set; } = "ClusterRoleBinding";

    public ObjectMeta Metadata { get; set; } = new();

    public List<Subject>? Subjects { get; set; }

    public RoleRef? RoleRef { get; set; }
}

public sealed class RoleRef
{
    public string ApiGroup { get; set; } = "";

    public string Kind { get; set; } = "";

    public string Name { get; set; } = "";
}

public sealed class Subject
{
    public string Kind { get; set; } = "";

    public string? ApiGroup { get; set; }

    public string Name { get; set; } = "";

    public string? Namespace { get; set; }
}
