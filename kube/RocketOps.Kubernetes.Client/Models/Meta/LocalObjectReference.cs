namespace RocketOps.Kubernetes.Models;

public sealed class LocalObjectReference
{
    public string Name { get; set; } = "";
}
