using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Masters;

/// <summary>Finds objects of a kind in the cache by their cluster, or by what they mean on its brokers, without looking at all of them. Thread-safe; the objects are shared.</summary>
internal sealed class MasterIndex<TEntity>
    where TEntity : class, IKubernetesObject
{
    private const string ByName = "name";
    private const string ByCluster = "cluster";

    private readonly IInformer<TEntity> _entities;
    private readonly Func<TEntity, ObjectKey> _cluster;
    private readonly Func<TEntity, string> _name;

    /// <param name="entities">The cache.</param>
    /// <param name="cluster">The cluster an object names.</param>
    /// <param name="name">What the object means there.</param>
    public MasterIndex(IInformer<TEntity> entities, Func<TEntity, ObjectKey> cluster, Func<TEntity, string> name)
    {
        _entities = entities;
        _cluster = cluster;
        _name = name;
        entities.AddIndex(ByName, entity => [Meaning(entity)]);
        entities.AddIndex(ByCluster, entity => [cluster(entity).ToString()]);
    }

    /// <summary>
    /// Another object of the kind that a cluster admits and that cannot be read: what it means is not known, or not any more. Of several always the same, so that a status that names it stays; null when there is none.
    /// </summary>
    public ObjectKey? UnreadableBeside(TEntity entity, BrokerCluster cluster)
    {
        ObjectKey[] unreadable = [.. _entities.Unreadable.Keys.Where(other => other != entity.Key() && cluster.Admits(other.Namespace))];
        return unreadable.Length == 0 ? null : unreadable.MinBy(static other => other.ToString(), StringComparer.Ordinal);
    }

    /// <summary>All objects that mean the same on the same cluster, itself among them.</summary>
    public IReadOnlyList<TEntity> Same(TEntity entity) => _entities.ByIndex(ByName, Meaning(entity));

    /// <summary>All objects of a cluster.</summary>
    public IReadOnlyList<TEntity> Of(BrokerCluster cluster) => _entities.ByIndex(ByCluster, cluster.Key().ToString());

    private string Meaning(TEntity entity) => $"{_cluster(entity)}/{_name(entity)}";
}
