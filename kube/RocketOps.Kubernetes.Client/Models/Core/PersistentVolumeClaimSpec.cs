namespace RocketOps.Kubernetes.Models;

public sealed class PersistentVolumeClaimSpec
{
    public List<string>? AccessModes { get; set; }

    public LabelSelector? Selector { get; set; }

    public ResourceRequirements? Resources { get; set; }

    public string? VolumeName { get; set; }

    public string? StorageClassName { get; set; }

    public string? VolumeMode { get; set; }
}
