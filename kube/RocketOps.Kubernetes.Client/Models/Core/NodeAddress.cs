namespace RocketOps.Kubernetes.Models;

public sealed class NodeAddress
{
    public string Type { get; set; } = "";

    public string Address { get; set; } = "";
}
