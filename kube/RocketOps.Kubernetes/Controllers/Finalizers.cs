using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>
/// Adds and takes off finalizers one at a time, whatever else is in the list and whoever else writes it: the list as it is now, under compare-and-swap.
/// </summary>
internal static class Finalizers
{
    /// <summary>Another writer got in between; after so many times the work queue tries later.</summary>
    private const int MaxAttempts = 5;

    /// <returns>The entity as it is after; null when it is gone.</returns>
    public static Task<TEntity?> AddAsync<TEntity>(IKubernetesClient client, TEntity entity, string finalizer, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject =>
        ChangeAsync(client, entity, list => list.Contains(finalizer) ? null : [.. list, finalizer], refuseDeleting: true, cancellationToken);

    /// <returns>The entity as it is after; null when it is gone, which is how the last finalizer ends.</returns>
    public static Task<TEntity?> RemoveAsync<TEntity>(IKubernetesClient client, TEntity entity, string finalizer, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject =>
        ChangeAsync(client, entity, list => list.Contains(finalizer) ? [.. list.Where(f => f != finalizer)] : null, refuseDeleting: false, cancellationToken);

    private static async Task<TEntity?> ChangeAsync<TEntity>(
        IKubernetesClient client, TEntity entity, Func<List<string>, string[]?> change, bool refuseDeleting, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject
    {
        for (int attempt = 1; ; attempt++)
        {
            TEntity? live = await client.GetAsync<TEntity>(entity.Name(), entity.Namespace(), cancellationToken);
            if (live is null || live.Uid() != entity.Uid())
            {
                // Gone, or another object of the same name, whose turn comes with its own event.
                return null;
            }

            if (refuseDeleting && live.IsDeleting())
            {
                // The server takes no new finalizers now.
                return live;
            }

            string[]? changed = change(live.Metadata.Finalizers ?? []);
            if (changed is null)
            {
                return live;
            }

            JsonObject patch = new()
            {
                ["metadata"] = new JsonObject
                {
                    ["resourceVersion"] = live.Metadata.ResourceVersion,
                    ["finalizers"] = new JsonArray([.. changed.Select(f => (JsonNode?)f)]),
                },
            };
            try
            {
                return await client.PatchAsync<TEntity>(entity.Name(), entity.Namespace(), KubernetesPatch.Merge(patch), cancellationToken: cancellationToken);
            }
            catch (KubernetesException e) when (e.IsConflict && attempt < MaxAttempts)
            {
                // Read again.
            }
            catch (KubernetesException e) when (e.IsNotFound)
            {
                return null;
            }
        }
    }
}
