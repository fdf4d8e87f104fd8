namespace RocketOps.Kubernetes.Models;

public sealed class PodDisruptionBudgetSpec
{
    public IntOrString? MinAvailable { get; set; }

    public IntOrString? MaxUnavailable { get; set; }

    public LabelSelector? Selector { get; set; }

    public string? UnhealthyPodEvictionPolicy { get; set; }
}
