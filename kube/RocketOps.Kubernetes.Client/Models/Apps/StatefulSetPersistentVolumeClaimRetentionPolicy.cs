namespace RocketOps.Kubernetes.Models;

public sealed class StatefulSetPersistentVolumeClaimRetentionPolicy
{
    public string? WhenDeleted { get; set; }

    public string? WhenScaled { get; set; }
}
