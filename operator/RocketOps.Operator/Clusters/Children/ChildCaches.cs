using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Caches of everything clusters are made of.</summary>
internal sealed record ChildCaches(
    IEntityCache<Deployment> Deployments,
    IEntityCache<StatefulSet> StatefulSets,
    IEntityCache<Service> Services,
    IEntityCache<ConfigMap> ConfigMaps,
    IEntityCache<ServiceAccount> ServiceAccounts,
    IEntityCache<PodDisruptionBudget> DisruptionBudgets,
    IEntityCache<Role> Roles,
    IEntityCache<RoleBinding> RoleBindings,
    IEntityCache<EndpointSlice> Slices,
    IEntityCache<Pod> Pods,
    IEntityCache<PersistentVolumeClaim> Claims);
