namespace RocketOps.Kubernetes.Models;

public sealed class Sysctl
{
    public string Name { get; set; } = "";

    public string Value { get; set; } = "";
}
