namespace RocketOps.Kubernetes.Models;

public sealed class AggregationRule
{
    public List<LabelSelector>? ClusterRoleSelectors { get; set; }
}
