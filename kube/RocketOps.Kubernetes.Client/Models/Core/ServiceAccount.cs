using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(ApiVersion = "v1", Kind = "ServiceAccount", PluralName = "serviceaccounts")]
public sealed class ServiceAccount : IKubernetesObject
{
    public string ApiVersion { get; set; } = "v1";

    public string Kind { get; set; } = "ServiceAccount";

    public ObjectMeta Metadata { get; set; } = new();

    public bool? AutomountServiceAccountToken { get; set; }

    public List<LocalObjectReference>? ImagePullSecrets { get; set; }
}
