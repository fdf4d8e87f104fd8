using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Deletes what belonged to groups that have gone, once none of their pods is left: until then these are found by their names. Claims stay.</summary>
internal sealed class GoneGroupsStep
{
    private readonly IKubernetesClient _client;
    private readonly ChildCaches _caches;

    public GoneGroupsStep(IKubernetesClient client, ChildCaches caches)
    {
        _client = client;
        _caches = caches;
    }

    public async Task RunAsync(ClusterContext context, ClusterObservation observation, CancellationToken cancellationToken)
    {
        HashSet<string> there = context.Groups.ToHashSet(StringComparer.Ordinal);
        there.UnionWith(observation.Pods.Select(static pod => pod.Label(ClusterLabels.Group)).OfType<string>());
        there.UnionWith(observation.Sets.Select(static set => set.Name()));
        await DeleteAsync(context, _caches.DisruptionBudgets, there, cancellationToken);
        await DeleteAsync(context, _caches.Slices, there, cancellationToken);
        await DeleteAsync(context, _caches.Services, there, cancellationToken);
        await DeleteAsync(context, _caches.RoleBindings, there, cancellationToken);
        await DeleteAsync(context, _caches.Roles, there, cancellationToken);
        await DeleteAsync(context, _caches.ServiceAccounts, there, cancellationToken);
        await DeleteAsync(context, _caches.ConfigMaps, there, cancellationToken);
    }

    private async Task DeleteAsync<T>(ClusterContext context, IEntityCache<T> cache, HashSet<string> there, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        foreach (T gone in cache.OwnedBy(context.Cluster.Uid()).Where(child => !child.IsDeleting() && child.Label(ClusterLabels.Group) is { } group && !there.Contains(group)))
        {
            DeleteOptions same = new DeleteOptions { Preconditions = new Preconditions { Uid = gone.Uid() } };
            try
            {
                await _client.DeleteAsync<T>(gone.Name(), context.Names.Namespace, same, cancellationToken);
            }
            catch (KubernetesException replaced) when (replaced.IsConflict)
            {
                // Another one of this name was made since; the next pass sees it.
            }
        }
    }
}
