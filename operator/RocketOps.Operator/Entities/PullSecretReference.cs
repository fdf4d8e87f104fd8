using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>Names a Secret of type kubernetes.io/dockerconfigjson in the cluster's namespace.</summary>
public sealed class PullSecretReference
{
    [Required]
    [Length(1, 253)]
    public string Name { get; set; } = "";
}
