namespace RocketOps.Kubernetes.Models;

public sealed class PreferredSchedulingTerm
{
    public int Weight { get; set; }

    public NodeSelectorTerm? Preference { get; set; }
}
