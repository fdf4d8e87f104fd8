namespace RocketOps.Kubernetes.Models;

public sealed class ExecAction
{
    public List<string>? Command { get; set; }
}
