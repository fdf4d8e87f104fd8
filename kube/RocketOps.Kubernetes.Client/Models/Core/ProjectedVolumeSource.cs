namespace RocketOps.Kubernetes.Models;

public sealed class ProjectedVolumeSource
{
    public List<VolumeProjection>? Sources { get; set; }

    public int? DefaultMode { get; set; }
}
