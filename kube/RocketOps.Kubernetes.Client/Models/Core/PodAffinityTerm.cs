namespace RocketOps.Kubernetes.Models;

public sealed class PodAffinityTerm
{
    public LabelSelector? LabelSelector { get; set; }

    public List<string>? Namespaces { get; set; }

    public LabelSelector? NamespaceSelector { get; set; }

    public string TopologyKey { get; set; } = "";

    public List<string>? MatchLabelKeys { get; set; }
}
