using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Growing;

/// <summary>
/// Makes a cluster an owner of the pods of a set that is made again, for as long as nobody else is: when the cluster is deleted meanwhile they go with it, whether an operator is there or not.
/// </summary>
internal sealed class InterimOwner(IKubernetesClient client)
{
    /// <returns>Whether all of them are the cluster's now.</returns>
    public Task<bool> AddAsync(ClusterContext context, IEnumerable<Pod> pods, CancellationToken cancellationToken) =>
        AllAsync(pods.Where(pod => !pod.IsDeleting() && !IsOwnedBy(pod, context)), pod => Owners.AddAsync(client, pod, context.Cluster, cancellationToken));

    /// <returns>Whether none of them is the cluster's any more.</returns>
    public Task<bool> RemoveAsync(ClusterContext context, IEnumerable<Pod> pods, CancellationToken cancellationToken) =>
        AllAsync(pods.Where(pod => IsOwnedBy(pod, context)), pod => Owners.RemoveAsync(client, pod, context.Cluster.Uid(), cancellationToken));

    private static bool IsOwnedBy(Pod pod, ClusterContext context) => pod.Metadata.OwnerReferences?.Exists(owner => owner.Uid == context.Cluster.Uid()) == true;

    private static async Task<bool> AllAsync(IEnumerable<Pod> pods, Func<Pod, Task> write)
    {
        bool all = true;
        foreach (Pod pod in pods)
        {
            try
            {
                await write(pod);
            }
            catch (KubernetesException changed) when (changed.IsConflict || changed.IsNotFound)
            {
                // Its status is written all the time, and it may have gone; the next pass sees what it is now.
                all = false;
            }
        }

        return all;
    }
}
