namespace RocketOps.Kubernetes.Models;

public sealed class GrpcAction
{
    public int Port { get; set; }

    public string? Service { get; set; }
}
