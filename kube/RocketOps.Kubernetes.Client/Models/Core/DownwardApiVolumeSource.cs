namespace RocketOps.Kubernetes.Models;

public sealed class DownwardApiVolumeSource
{
    public List<DownwardApiVolumeFile>? Items { get; set; }

    public int? DefaultMode { get; set; }
}
