namespace RocketOps.Kubernetes.Models;

public sealed class PersistentVolumeStatus
{
    public string? Phase { get; set; }

    public string? Message { get; set; }

    public string? Reason { get; set; }
}
