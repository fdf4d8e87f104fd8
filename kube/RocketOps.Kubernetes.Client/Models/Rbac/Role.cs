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
