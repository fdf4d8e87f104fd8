namespace RocketOps.Kubernetes.Models;

public sealed class HostAlias
{
    public string Ip { get; set; } = "";

    public List<string>? Hostnames { get; set; }
}
