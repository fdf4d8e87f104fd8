using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "PersistentVolumeClaim", PluralName = "persistentvolumeclaims")]
public sealed class PersistentVolumeClaim : IKubernetesObject
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "PersistentVolumeClaim";

    public ObjectMeta Metadata { get; set; } = new();

    public PersistentVolumeClaimSpec? Spec { get; set; }

    public PersistentVolumeClaimStatus? Status { get; set; }
}
