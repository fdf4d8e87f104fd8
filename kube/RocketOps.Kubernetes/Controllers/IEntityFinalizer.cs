using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Controllers;

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
