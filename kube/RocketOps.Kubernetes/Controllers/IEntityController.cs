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

/// <summary>
/// Cleans up before an entity goes. Attached by the runtime before the first reconcile that <see cref="AppliesTo"/> it and taken off after success.
/// Each needs a way out: parent gone, forced by annotation, time limit.
/// </summary>
public interface IEntityFinalizer<TEntity>
    where TEntity : class, IKubernetesObject
{
    /// <summary>Success takes the finalizer off, unless the result asks to be called again: then the work is not finished.</summary>
    Task<ReconciliationResult<TEntity>> FinalizeAsync(TEntity entity, CancellationToken cancellationToken);

    /// <summary>
    /// True when there is something to clean up for this entity. When the answer turns to false the finalizer is taken off again. (An
    /// extension of KubeOps' model, where finalizers are on all entities.)
    /// </summary>
    bool AppliesTo(TEntity entity) => true;
}

/// <summary>
/// Tells people of entities that the operator cannot read. Called for one before its pass, of which there is none when it has never been read: never twice at once for the same one, while leading, and again after every
/// failure. In the container or not.
/// </summary>
public interface IUnreadableReporter
{
    /// <param name="key">The entity.</param>
    /// <param name="reason">What of it cannot be read, for people.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task ReportAsync<TEntity>(ObjectKey key, string reason, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject;
}
