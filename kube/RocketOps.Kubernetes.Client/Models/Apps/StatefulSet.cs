using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "apps", ApiVersion = "v1", Kind = "StatefulSet", PluralName = "statefulsets")]
public sealed class StatefulSet : IKubernetesObject
{
    public string ApiVersion { get; set; } = "apps/v1";

    public string Kind { get; set; } = "StatefulSet";

    public ObjectMeta Metadata { get; set; } = new();

    public StatefulSetSpec? Spec { get; set; }

    public StatefulSetStatus? Status { get; set; }
}
