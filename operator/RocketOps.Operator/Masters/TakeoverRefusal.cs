using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Masters;

/// <summary>
/// Keeps an object from taking over what is on masters already while an object of its kind cannot be read, as that may be the one that has it: after a restart of the operator nothing is known of it. What is nowhere yet
/// is made all the same.
/// </summary>
internal static class TakeoverRefusal
{
    /// <param name="entity">The object that would have it from now on.</param>
    /// <param name="what">What is there, for people: <c>Topic orders</c>.</param>
    /// <param name="index">Knows the objects that cannot be read.</param>
    /// <param name="cluster">Where it is.</param>
    /// <returns>What is waited for; null when all can be read.</returns>
    public static Problem? Find<TEntity>(TEntity entity, string what, MasterIndex<TEntity> index, BrokerCluster cluster)
        where TEntity : class, IKubernetesObject =>
        index.UnreadableBeside(entity, cluster) is { } unreadable
            ? new Problem(
                Reasons.InvalidSpec,
                $"{what} was there before this object, and is not taken over while this operator cannot read {entity.Kind} {ClusterReferences.Text(unreadable, entity)}, which may be the one that has it: the status of that object says what to set right.")
            : null;
}
