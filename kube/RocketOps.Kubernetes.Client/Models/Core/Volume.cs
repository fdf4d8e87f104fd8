namespace RocketOps.Kubernetes.Models;

public sealed class Volume
{
    public string Name { get; set; } = "";

    public EmptyDirVolumeSource? EmptyDir { get; set; }

    public HostPathVolumeSource? HostPath { get; set; }

    public SecretVolumeSource? Secret { get; set; }

    public ConfigMapVolumeSource? ConfigMap { get; set; }

    public PersistentVolumeClaimVolumeSource? PersistentVolumeClaim { get; set; }

    public DownwardApiVolumeSource? DownwardAPI { get; set; }

    public ProjectedVolumeSource? Projected { get; set; }
}
