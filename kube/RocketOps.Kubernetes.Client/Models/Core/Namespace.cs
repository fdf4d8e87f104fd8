using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "Namespace", PluralName = "namespaces")]
[EntityScope(EntityScope.Cluster)]
public sealed class Namespace : IKubernetesObject
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "Namespace";

    public ObjectMeta Metadata { get; set; } = new();

    public NamespaceSpec? Spec { get; set; }

    public NamespaceStatus? Status { get; set; }
}

public sealed class NamespaceSpec
{
    public List<string>? Finalizers { get; set; }
}

public sealed class NamespaceStatus
{
    public string? Phase { get; set; }

    public List<Condition>? Conditions { get; set; }
}
