namespace RocketOps.Kubernetes.Models;

public sealed class TcpSocketAction
{
    public IntOrString Port { get; set; }

    public string? Host { get; set; }
}
