using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Operator.Masters;

/// <summary>Looks at rivals as they are now, before something is removed for good.</summary>
internal static class LiveRivals
{
    /// <summary>
    /// Returns true when one of the candidates still is what the condition says. Every object that was made before the deletion that is
    /// worked on is among those of the cache: changes of a kind come in order. So the API server is asked for these few instead of for all.
    /// </summary>
    public static async Task<bool> HasLiveAsync<TEntity>(this IKubernetesClient client, IEnumerable<TEntity> candidates, Func<TEntity, bool> condition, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject
    {
        foreach (TEntity candidate in candidates.Where(condition))
        {
            if (await client.GetAsync<TEntity>(candidate.Name(), candidate.Namespace(), cancellationToken) is { } live && condition(live))
            {
                return true;
            }
        }

        return false;
    }
}
