namespace RocketOps.Kubernetes.Models;

public sealed class SecretEnvSource
{
    public string Name { get; set; } = "";

    public bool? Optional { get; set; }
}
