using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>The two kinds of objects that belong to an elected group.</summary>
internal static class GroupObjects
{
    /// <summary>The group's record.</summary>
    public static readonly KubernetesType<KubernetesObject> Lease = ResourceKind.Of("coordination.k8s.io", "v1", "Lease", "leases");

    /// <summary>The address of its master.</summary>
    public static readonly KubernetesType<KubernetesObject> EndpointSlice = ResourceKind.Of("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices");
}
