namespace RocketOps.Kubernetes.Models;

public sealed class PodReadinessGate
{
    public string ConditionType { get; set; } = "";
}
