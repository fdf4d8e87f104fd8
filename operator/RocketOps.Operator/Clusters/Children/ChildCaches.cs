using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Caches of the objects that a cluster owns, one for each kind. Pods belong to their sets and claims to nobody.</summary>
internal sealed record ChildCaches(
    IEntityCache<Deployment> Deployments,
    IEntityCache<StatefulSet> StatefulSets,
    IEntityCache<Service> Services,
    IEntityCache<ConfigMap> ConfigMaps,
    IEntityCache<ServiceAccount> ServiceAccounts,
    IEntityCache<PodDisruptionBudget> DisruptionBudgets,
    IEntityCache<Role> Roles,
    IEntityCache<RoleBinding> RoleBindings,
    IEntityCache<EndpointSlice> Slices);
