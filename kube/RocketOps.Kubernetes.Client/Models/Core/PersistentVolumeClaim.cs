using System.Text.Json.Serialization;
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

public sealed class PersistentVolumeClaimSpec
{
    public List<string>? AccessModes { get; set; }

    public LabelSelector? Selector { get; set; }

    public ResourceRequirements? Resources { get; set; }

    public string? VolumeName { get; set; }

    public string? StorageClassName { get; set; }

    public string? VolumeMode { get; set; }
}

public sealed class PersistentVolumeClaimStatus
{
    public string? Phase { get; set; }

    public List<string>? AccessModes { get; set; }

    public Dictionary<string, Quantity>? Capacity { get; set; }

    public List<PersistentVolumeClaimCondition>? Conditions { get; set; }

    public Dictionary<string, Quantity>? AllocatedResources { get; set; }

    public Dictionary<string, string>? AllocatedResourceStatuses { get; set; }
}

public sealed class PersistentVolumeClaimCondition
{
    public string Type { get; set; } = "";

    public string Status { get; set; } = "";

    public string? Reason { get; set; }

    public string? Message { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastProbeTime { get; set; }

    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastTransitionTime { get; set; }
}
