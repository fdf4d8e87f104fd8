namespace RocketOps.Kubernetes.Models;

public sealed class StatefulSetRollingUpdate
{
    public int? Partition { get; set; }

    public IntOrString? MaxUnavailable { get; set; }
}
