namespace RocketOps.Kubernetes.Models;

public sealed class ConfigMapEnvSource
{
    public string Name { get; set; } = "";

    public bool? Optional { get; set; }
}
