namespace RocketOps.Kubernetes.Models;

public sealed class WeightedPodAffinityTerm
{
    public int Weight { get; set; }

    public PodAffinityTerm? PodAffinityTerm { get; set; }
}
