namespace RocketOps.Kubernetes.Models;

public sealed class StatefulSetOrdinals
{
    public int Start { get; set; }
}
