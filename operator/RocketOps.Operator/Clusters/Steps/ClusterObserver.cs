using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Observer of a cluster's workloads and of what else of it follows from what is there, by the caches.</summary>
internal sealed class ClusterObserver(ChildCaches caches, IEntityCache<Pod> pods)
{
    public ClusterObservation Observe(BrokerCluster cluster, ClusterNames names)
    {
        Pod[] found = [.. pods.List(names.Namespace).Where(pod => pod.Label(ClusterLabels.Cluster) == names.Cluster)];
        return new ClusterObservation(
            caches.Deployments.Get(names.Namespace, names.NameServer),
            [.. caches.StatefulSets.OwnedBy(cluster.Uid())],
            [.. found.Where(OwnPods.IsBroker)],
            [.. found.Where(pod => OwnPods.IsNameServer(pod, names.NameServer))])
        {
            Lists = Lists(cluster),
            Closures = caches.ConfigMaps.OwnedBy(cluster.Uid())
                .Where(static map => GroupClosure.IsOne(map) && !map.IsDeleting())
                .ToDictionary(static map => map.Label(ClusterLabels.Group)!, StringComparer.Ordinal),
            Recreated = caches.ConfigMaps.OwnedBy(cluster.Uid())
                .Where(SavedSet.IsOne)
                .Select(static map => map.Label(ClusterLabels.Group)!)
                .ToHashSet(StringComparer.Ordinal),
        };
    }

    /// <summary>The addresses that the cluster's Services were given.</summary>
    public Dictionary<string, string> AddressesOf(BrokerCluster cluster) => caches.Services.OwnedBy(cluster.Uid())
        .Where(static service => service.Spec?.ClusterIP is { Length: > 0 } address && address != "None")
        .ToDictionary(static service => service.Name(), static service => service.Spec!.ClusterIP!, StringComparer.Ordinal);

    /// <summary>A group that elects its master has a file for each member that it names.</summary>
    private Dictionary<string, int> Lists(BrokerCluster cluster) => caches.ConfigMaps.OwnedBy(cluster.Uid())
        .Where(static map => map.Label(ClusterLabels.Group) is not null && !SavedSet.IsOne(map) && !GroupClosure.IsOne(map))
        .ToDictionary(static map => map.Name(), static map => map.Data?.Count ?? 0, StringComparer.Ordinal);
}
