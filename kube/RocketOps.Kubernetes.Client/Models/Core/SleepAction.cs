namespace RocketOps.Kubernetes.Models;

public sealed class SleepAction
{
    public long Seconds { get; set; }
}
