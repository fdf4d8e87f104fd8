namespace RocketOps.Kubernetes.Models;

public sealed class ResourceFieldSelector
{
    public string? ContainerName { get; set; }

    public string Resource { get; set; } = "";

    public Quantity? Divisor { get; set; }
}
