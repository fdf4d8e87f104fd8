namespace RocketOps.Kubernetes.Models;

public sealed class StatefulSetSpec
{
    public int? Replicas { get; set; }

    public LabelSelector? Selector { get; set; }

    public PodTemplateSpec? Template { get; set; }

    public List<PersistentVolumeClaim>? VolumeClaimTemplates { get; set; }

    public string? ServiceName { get; set; }

    public string? PodManagementPolicy { get; set; }

    public StatefulSetUpdateStrategy? UpdateStrategy { get; set; }

    public int? RevisionHistoryLimit { get; set; }

    public int? MinReadySeconds { get; set; }

    public StatefulSetPersistentVolumeClaimRetentionPolicy? PersistentVolumeClaimRetentionPolicy { get; set; }

    public StatefulSetOrdinals? Ordinals { get; set; }
}
