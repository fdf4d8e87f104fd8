namespace RocketOps.Kubernetes.Models;

public sealed class HostPathVolumeSource
{
    public string Path { get; set; } = "";

    public string? Type { get; set; }
}
