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
