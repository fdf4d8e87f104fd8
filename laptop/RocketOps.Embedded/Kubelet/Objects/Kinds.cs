using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>The kinds the kubelet and its controllers know.</summary>
internal static class Kinds
{
    public static readonly KubernetesType<KubernetesObject> Pod = ResourceKind.Of("", "v1", "Pod", "pods");
    public static readonly KubernetesType<KubernetesObject> Service = ResourceKind.Of("", "v1", "Service", "services");
    public static readonly KubernetesType<KubernetesObject> ConfigMap = ResourceKind.Of("", "v1", "ConfigMap", "configmaps");
    public static readonly KubernetesType<KubernetesObject> Secret = ResourceKind.Of("", "v1", "Secret", "secrets");
    public static readonly KubernetesType<KubernetesObject> VolumeClaim = ResourceKind.Of("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims");
    public static readonly KubernetesType<KubernetesObject> StatefulSet = ResourceKind.Of("apps", "v1", "StatefulSet", "statefulsets");
    public static readonly KubernetesType<KubernetesObject> Deployment = ResourceKind.Of("apps", "v1", "Deployment", "deployments");
    public static readonly KubernetesType<KubernetesObject> ReplicaSet = ResourceKind.Of("apps", "v1", "ReplicaSet", "replicasets");
    public static readonly KubernetesType<KubernetesObject> EndpointSlice = ResourceKind.Of("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices");
    public static readonly KubernetesType<KubernetesObject> DisruptionBudget = ResourceKind.Of("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets");
}
