namespace RocketOps.Kubernetes.Models;

public sealed class NamespaceStatus
{
    public string? Phase { get; set; }

    public List<Condition>? Conditions { get; set; }
}
