namespace RocketOps.Kubernetes.Models;

public sealed class HostIP
{
    public string Ip { get; set; } = "";
}
