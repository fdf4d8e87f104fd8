namespace RocketOps.Kubernetes.Models;

public sealed class DownwardApiProjection
{
    public List<DownwardApiVolumeFile>? Items { get; set; }
}
