using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "apps", ApiVersion = "v1", Kind = "StatefulSet", PluralName = "statefulsets")]
public sealed class StatefulSet : IKubernetesObject
{
    public string ApiVersion { get; set; } = "apps/v1";

    public string Kind { get; set; } = "StatefulSet";

    public ObjectMeta Metadata { get; set; } = new();

    public StatefulSetSpec? Spec { get; set; }

    public StatefulSetStatus? Status { get; set; }
}

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

public sealed class StatefulSetStatus
{
    public long? ObservedGeneration { get; set; }

    public int Replicas { get; set; }

    public int? ReadyReplicas { get; set; }

    public int? CurrentReplicas { get; set; }

    public int? UpdatedReplicas { get; set; }

    public int? AvailableReplicas { get; set; }

    public string? CurrentRevision { get; set; }

    public string? UpdateRevision { get; set; }

    public int? CollisionCount { get; set; }

    public List<WorkloadCondition>? Conditions { get; set; }
}

public sealed class StatefulSetUpdateStrategy
{
    public string? Type { get; set; }

    public StatefulSetRollingUpdate? RollingUpdate { get; set; }
}

public sealed class StatefulSetRollingUpdate
{
    public int? Partition { get; set; }

    public IntOrString? MaxUnavailable { get; set; }
}

public sealed class StatefulSetOrdinals
{
    public int Start { get; set; }
}

public sealed class StatefulSetPersistentVolumeClaimRetentionPolicy
{
    public string? WhenDeleted { get; set; }

    public string? WhenScaled { get; set; }
}
