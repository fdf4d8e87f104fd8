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

public sealed class PersistentVolumeSpec
{
    public Dictionary<string, Quantity>? Capacity { get; set; }

    public List<string>? AccessModes { get; set; }

    public ObjectReference? ClaimRef { get; set; }

    public string? PersistentVolumeReclaimPolicy { get; set; }

    public string? StorageClassName { get; set; }

    public string? VolumeMode { get; set; }

    public HostPathVolumeSource? HostPath { get; set; }

    public LocalVolumeSource? Local { get; set; }
}

public sealed class PersistentVolumeStatus
{
    public string? Phase { get; set; }

    public string? Message { get; set; }

    public string? Reason { get; set; }
}

public sealed class LocalVolumeSource
{
    public string Path { get; set; } = "";

    public string? FsType { get; set; }
}
