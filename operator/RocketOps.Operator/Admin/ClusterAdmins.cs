using System.Collections.Concurrent;
using RocketOps.Client;
using RocketOps.Kubernetes;

namespace RocketOps.Operator.Admin;

/// <summary>
/// One administration client per cluster, shared by all controllers, so that connections outlive a pass. Bounded by the number of clusters:
/// a client goes when its cluster does.
/// </summary>
internal sealed class ClusterAdmins : IAsyncDisposable
{
    private readonly IRocketMqAdminFactory _factory;
    private readonly ConcurrentDictionary<ObjectKey, Lazy<IRocketMqAdmin>> _admins = new();

    public ClusterAdmins(IRocketMqAdminFactory factory) => _factory = factory;

    public IRocketMqAdmin Get(ObjectKey cluster, string nameServers) => _admins.GetOrAdd(
        cluster,
        static (_, state) => new Lazy<IRocketMqAdmin>(() => state._factory.Create(state.nameServers)),
        (_factory, nameServers)).Value;

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
