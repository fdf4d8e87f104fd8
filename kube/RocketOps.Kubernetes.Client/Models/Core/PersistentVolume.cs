using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "PersistentVolume", PluralName = "persistentvolumes")]
[EntityScope(EntityScope.Cluster)]
public sealed class PersistentVolume : IKubernetesObject
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "PersistentVolume";

    public ObjectMeta Metadata { get; set; } = new();

    public PersistentVolumeSpec? Spec { get; set; }

    public PersistentVolumeStatus? Status { get; set; }
}
