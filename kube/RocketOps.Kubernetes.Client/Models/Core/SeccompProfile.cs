namespace RocketOps.Kubernetes.Models;

public sealed class SeccompProfile
{
    public string Type { get; set; } = "";

    public string? LocalhostProfile { get; set; }
}
