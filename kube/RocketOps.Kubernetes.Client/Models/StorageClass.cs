using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "storage.k8s.io", ApiVersion = "v1", Kind = "StorageClass", PluralName = "storageclasses")]
[EntityScope(EntityScope.Cluster)]
public sealed class StorageClass : IKubernetesObject
{
    public string ApiVersion { get; set; } = "storage.k8s.io/v1";

    public string Kind { get; set; } = "StorageClass";

    public ObjectMeta Metadata { get; set; } = new();

    public string Provisioner { get; set; } = "";

    public Dictionary<string, string>? Parameters { get; set; }

    public string? ReclaimPolicy { get; set; }

    public string? VolumeBindingMode { get; set; }

    public bool? AllowVolumeExpansion { get; set; }
}
