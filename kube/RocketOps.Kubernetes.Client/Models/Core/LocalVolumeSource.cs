namespace RocketOps.Kubernetes.Models;

public sealed class LocalVolumeSource
{
    public string Path { get; set; } = "";

    public string? FsType { get; set; }
}
