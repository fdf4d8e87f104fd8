using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>Opens the logging scopes of a kind's passes.</summary>
/// <param name="ids">Of the process.</param>
/// <param name="more">What lines say besides, from the object.</param>
internal sealed class PassScopes<TEntity>(ReconcileIds ids, IReadOnlyList<KeyValuePair<string, Func<TEntity, object?>>> more)
    where TEntity : class, IKubernetesObject
{
    public PassScope Begin(string kind, ObjectKey key) => new(kind, key, ids.Next());

    /// <summary>The pass works with this state of the object.</summary>
    public void Tell(PassScope scope, TEntity entity)
    {
        scope.Set("generation", entity.Metadata.Generation);
        foreach ((string name, Func<TEntity, object?> value) in more)
        {
            scope.Set(name, value(entity));
        }
    }
}
