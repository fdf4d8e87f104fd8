namespace RocketOps.Kubernetes.Models;

public sealed class ServiceStatus
{
    public LoadBalancerStatus? LoadBalancer { get; set; }

    public List<Condition>? Conditions { get; set; }
}
