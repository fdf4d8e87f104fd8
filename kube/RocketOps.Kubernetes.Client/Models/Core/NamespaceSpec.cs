namespace RocketOps.Kubernetes.Models;

public sealed class NamespaceSpec
{
    public List<string>? Finalizers { get; set; }
}
