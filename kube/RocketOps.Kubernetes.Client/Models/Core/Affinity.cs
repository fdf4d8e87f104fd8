namespace RocketOps.Kubernetes.Models;

public sealed class Affinity
{
    public NodeAffinity? NodeAffinity { get; set; }

    public PodAffinity? PodAffinity { get; set; }

    public PodAffinity? PodAntiAffinity { get; set; }
}
