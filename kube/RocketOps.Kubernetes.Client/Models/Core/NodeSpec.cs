namespace RocketOps.Kubernetes.Models;

public sealed class NodeSpec
{
    public string? PodCIDR { get; set; }

    public string? ProviderID { get; set; }

    public bool? Unschedulable { get; set; }

    public List<Taint>? Taints { get; set; }
}
