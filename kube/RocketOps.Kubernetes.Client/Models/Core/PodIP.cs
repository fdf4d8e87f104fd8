namespace RocketOps.Kubernetes.Models;

public sealed class PodIP
{
    public string Ip { get; set; } = "";
}
