using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>Names the cluster of a topic or consumer group.</summary>
public sealed class ClusterReference
{
    [Required]
    [Length(1, 30)]
    public string Name { get; set; } = "";

    [Description("The cluster's namespace, if it is not the object's own; the cluster must consent in spec.allowedNamespaces. Cannot change.")]
    [Length(1, 63)]
    [Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public string? Namespace { get; set; }
}
