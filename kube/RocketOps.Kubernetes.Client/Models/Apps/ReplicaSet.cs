using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "apps", ApiVersion = "v1", Kind = "ReplicaSet", PluralName = "replicasets")]
public sealed class ReplicaSet : IKubernetesObject
{
    public string ApiVersion { get; set; } = "apps/v1";

    public string Kind { get; set; } = "ReplicaSet";

    public ObjectMeta Metadata { get; set; } = new();

    public ReplicaSetSpec? Spec { get; set; }

    public ReplicaSetStatus? Status { get; set; }
}

public sealed class ReplicaSetSpec
{
    public int? Replicas { get; set; }

    public int? MinReadySeconds { get; set; }

    public LabelSelector? Selector { get; set; }

    public PodTemplateSpec? Template { get; set; }
}

public sealed class ReplicaSetStatus
{
    public int Replicas { get; set; }

    public int? FullyLabeledReplicas { get; set; }

    public int? ReadyReplicas { get; set; }

    public int? AvailableReplicas { get; set; }

    public long? ObservedGeneration { get; set; }

    public List<WorkloadCondition>? Conditions { get; set; }
}
