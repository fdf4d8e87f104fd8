namespace RocketOps.Kubernetes.Models;

public sealed class NodeSelector
{
    public List<NodeSelectorTerm>? NodeSelectorTerms { get; set; }
}
