using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Controllers;

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
