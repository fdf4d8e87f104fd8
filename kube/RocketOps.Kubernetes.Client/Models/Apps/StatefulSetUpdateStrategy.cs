namespace RocketOps.Kubernetes.Models;

public sealed class StatefulSetUpdateStrategy
{
    public string? Type { get; set; }

    public StatefulSetRollingUpdate? RollingUpdate { get; set; }
}
