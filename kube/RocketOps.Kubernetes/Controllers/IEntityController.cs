using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>
/// Brings the world to what an entity asks for. Called with a fresh copy of the cached entity, never twice at once for the same one; must be safe to
/// interrupt anywhere and must not wait: ask to be called again instead.
/// </summary>
public interface IEntityController<TEntity>
    where TEntity : class, IKubernetesObject
{
    Task<ReconciliationResult<TEntity>> ReconcileAsync(TEntity entity, CancellationToken cancellationToken);

    /// <summary>The entity is gone. For forgetting what is kept in memory only: it is not called for deletions during a restart; finalizers are.</summary>
    Task<ReconciliationResult<TEntity>> DeletedAsync(TEntity entity, CancellationToken cancellationToken);
}
