using System.Collections.Concurrent;
using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Admin;

/// <summary>
/// One administration client per cluster, shared by all controllers, so that connections outlive a pass. Bounded by the number of clusters:
/// a client goes when its cluster does.
/// </summary>
internal sealed class ClusterAdmins : IAsyncDisposable
{
    private readonly IRocketMqAdminFactory _factory;
    private readonly IEntityCache<BrokerCluster> _clusters;
    private readonly ConcurrentDictionary<ObjectKey, Lazy<IRocketMqAdmin>> _admins = new();

    public ClusterAdmins(IRocketMqAdminFactory factory, IEntityCache<BrokerCluster> clusters)
    {
        _factory = factory;
        _clusters = clusters;
    }

    public IRocketMqAdmin Get(ObjectKey cluster, string nameServers) => _admins.GetOrAdd(
        cluster,
        static (_, state) => new Lazy<IRocketMqAdmin>(() => state._factory.Create(state.nameServers)),
        (_factory, nameServers)).Value;

    /// <summary>Drops clients of clusters that are gone: a pass that began before its cluster went may have opened one after it was forgotten.</summary>
    public async ValueTask ForgetGoneAsync()
    {
        foreach (ObjectKey cluster in _admins.Keys.Where(cluster => _clusters.Get(cluster.Namespace, cluster.Name) is null))
        {
            await ForgetAsync(cluster);
        }
    }

    public async ValueTask ForgetAsync(ObjectKey cluster)
    {
        if (_admins.TryRemove(cluster, out Lazy<IRocketMqAdmin>? admin) && admin.IsValueCreated)
        {
            await admin.Value.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ObjectKey cluster in _admins.Keys)
        {
            await ForgetAsync(cluster);
        }
    }
}
