namespace RocketOps.Kubernetes.Models;

public sealed class EmptyDirVolumeSource
{
    public string? Medium { get; set; }

    public Quantity? SizeLimit { get; set; }
}
