using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "policy", ApiVersion = "v1", Kind = "PodDisruptionBudget", PluralName = "poddisruptionbudgets")]
public sealed class PodDisruptionBudget : IKubernetesObject
{
    public string ApiVersion { get; set; } = "policy/v1";

    public string Kind { get; set; } = "PodDisruptionBudget";

    public ObjectMeta Metadata { get; set; } = new();

    public PodDisruptionBudgetSpec? Spec { get; set; }

    public PodDisruptionBudgetStatus? Status { get; set; }
}

public sealed class PodDisruptionBudgetSpec
{
    public IntOrString? MinAvailable { get; set; }

    public IntOrString? MaxUnavailable { get; set; }

    public LabelSelector? Selector { get; set; }

    public string? UnhealthyPodEvictionPolicy { get; set; }
}

public sealed class PodDisruptionBudgetStatus
{
    public long? ObservedGeneration { get; set; }

    public int DisruptionsAllowed { get; set; }

    public int CurrentHealthy { get; set; }

    public int DesiredHealthy { get; set; }

    public int ExpectedPods { get; set; }

    public List<Condition>? Conditions { get; set; }
}
