using RocketOps.Cli.Running;
using RocketOps.Client;
using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Connecting;

/// <summary>The cluster a command talks to: how it is administered and read, and what the name servers know of it.</summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
    public ClusterConnection(string nameServers, Shell shell)
    {
        // Every other tool separates with commas.
        NameServers = nameServers.Replace(',', ';');
        AdminOptions options = shell.Patient(new AdminOptions { NameServers = NameServers, TimeProvider = shell.Time });
        Admin = new RocketMqAdmin(options);
        Reader = new RocketMqReader(options);
    }

    public string NameServers { get; }

    public RocketMqAdmin Admin { get; }

    public RocketMqReader Reader { get; }

    /// <summary>
    /// Returns the route of a topic. Throws <see cref="CommandFailedException"/> naming the nearest topic when nobody knows it.
    /// </summary>
    public async Task<TopicRoute> RouteAsync(string topic, CancellationToken cancellation) =>
        await Admin.GetTopicRouteAsync(topic, cancellation) ?? throw await UnknownTopicAsync(topic, string.Empty, cancellation);

    /// <summary>Makes the failure for a topic that nobody knows.</summary>
    public async Task<CommandFailedException> UnknownTopicAsync(string topic, string remedy, CancellationToken cancellation)
    {
        IReadOnlyList<string> known = await Admin.GetTopicNamesAsync(cancellation);
        return CommandFailedException.Missing($"there is no topic {topic}.{NearestWord.Hint(topic, known)}{remedy}");
    }

    /// <summary>The brokers with a master, by name. Throws <see cref="CommandFailedException"/> when there is none, or when the cluster has to be chosen.</summary>
    public async Task<IReadOnlyList<BrokerData>> MastersAsync(string? cluster, CancellationToken cancellation)
    {
        ClusterInfo info = await Admin.GetClusterInfoAsync(cancellation);
        IOrderedEnumerable<string> names = info.Clusters.Keys.Order(StringComparer.Ordinal);
        if (cluster is null && info.Clusters.Count > 1)
        {
            throw new CommandFailedException($"the name servers know several clusters; choose one with --cluster: {string.Join(", ", names)}.");
        }

        if (cluster is not null && !info.Clusters.ContainsKey(cluster))
        {
            throw CommandFailedException.Missing($"there is no cluster {cluster}, only {string.Join(", ", names)}.");
        }

        BrokerData[] masters = [.. WithMaster(info.Brokers.Values.Where(broker => cluster is null || broker.Cluster == cluster))];
        return masters.Length > 0 ? masters : throw CommandFailedException.Missing("the name servers know no broker that is a master.");
    }

    /// <summary>Topics that are not the system's own, in no order.</summary>
    public async Task<IEnumerable<string>> UserTopicsAsync(CancellationToken cancellation)
    {
        ClusterInfo info = await Admin.GetClusterInfoAsync(cancellation);
        HashSet<string> servers = [.. info.Clusters.Keys, .. info.Brokers.Keys];
        return (await Admin.GetTopicNamesAsync(cancellation)).Where(topic => !TopicNames.IsOfServers(topic, servers));
    }

    /// <summary>Consumer groups that are not the system's own, in no order.</summary>
    public async Task<IEnumerable<string>> UserGroupsAsync(CancellationToken cancellation) =>
        (await GroupOnBrokers.TableAsync(this, WithMaster((await Admin.GetClusterInfoAsync(cancellation)).Brokers.Values), cancellation)).Keys.Where(static group => !GroupNames.IsOfServers(group));

    /// <summary>Those of some brokers that have a master, by name.</summary>
    public static IEnumerable<BrokerData> WithMaster(IEnumerable<BrokerData> brokers) =>
        brokers.Where(static broker => broker.MasterAddress is not null).OrderBy(static broker => broker.BrokerName, StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await Reader.DisposeAsync();
        await Admin.DisposeAsync();
    }
}
