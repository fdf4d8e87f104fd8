namespace RocketOps.Kubernetes.Models;

public sealed class NodeStatus
{
    public Dictionary<string, Quantity>? Capacity { get; set; }

    public Dictionary<string, Quantity>? Allocatable { get; set; }

    public List<NodeCondition>? Conditions { get; set; }

    public List<NodeAddress>? Addresses { get; set; }

    public NodeSystemInfo? NodeInfo { get; set; }
}
