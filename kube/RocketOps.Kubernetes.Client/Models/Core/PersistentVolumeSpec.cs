namespace RocketOps.Kubernetes.Models;

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
