using RocketOps.Cli.Running;
using RocketOps.Client;
using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Connecting;

/// <summary>A consumer group as all masters together see it.</summary>
internal sealed record GroupOnBrokers
{
    public required string Name { get; init; }

    /// <summary>Its settings on each master that has it, with the master's address.</summary>
    public required IReadOnlyList<(BrokerData Broker, SubscriptionGroupConfig Config)> Brokers { get; init; }

    /// <summary>Its members; one that is connected to several masters once.</summary>
    public required IReadOnlyList<ClientConnection> Members { get; init; }

    /// <summary>Data that its members report of themselves; null while nobody is online.</summary>
    public required ConsumerConnections? Online { get; init; }

    /// <summary>Offsets of the group, by queue.</summary>
    public required IReadOnlyDictionary<MessageQueue, ConsumerQueueOffsets> Queues { get; init; }

    /// <summary>Messages that wait, those to be delivered again included.</summary>
    public long Lag => Queues.Values.Sum(static queue => queue.Lag);

    /// <summary>The topics it has offsets in, without its own retry topic.</summary>
    public IEnumerable<string> Topics =>
        Queues.Keys.Select(static queue => queue.Topic).Where(static topic => !TopicNames.IsRetry(topic)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    /// <summary>All groups of some masters, by name.</summary>
    public static async Task<IReadOnlyDictionary<string, List<(BrokerData Broker, SubscriptionGroupConfig Config)>>> TableAsync(
        ClusterConnection cluster, IEnumerable<BrokerData> masters, CancellationToken cancellation)
    {
        SortedDictionary<string, List<(BrokerData, SubscriptionGroupConfig)>> table = new(StringComparer.Ordinal);
        foreach (BrokerData broker in masters)
        {
            foreach ((string name, SubscriptionGroupConfig config) in await cluster.Admin.GetSubscriptionGroupsAsync(broker.MasterAddress!, cancellation))
            {
                if (!table.TryGetValue(name, out List<(BrokerData, SubscriptionGroupConfig)>? brokers))
                {
                    table[name] = brokers = [];
                }

                brokers.Add((broker, config));
            }
        }

        return table;
    }

    /// <summary>Throws <see cref="CommandFailedException"/> naming the nearest group when no master knows it.</summary>
    public static async Task<GroupOnBrokers> FindAsync(ClusterConnection cluster, string name, string? clusterName, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, List<(BrokerData Broker, SubscriptionGroupConfig Config)>> table = await TableAsync(cluster, await cluster.MastersAsync(clusterName, cancellation), cancellation);
        return table.TryGetValue(name, out List<(BrokerData Broker, SubscriptionGroupConfig Config)>? brokers)
            ? await FindAsync(cluster, name, brokers, cancellation)
            : throw CommandFailedException.Missing($"there is no consumer group {name}.{NearestWord.Hint(name, table.Keys)}");
    }

    public static async Task<GroupOnBrokers> FindAsync(
        ClusterConnection cluster, string name, IReadOnlyList<(BrokerData Broker, SubscriptionGroupConfig Config)> brokers, CancellationToken cancellation)
    {
        Dictionary<string, ClientConnection> members = new(StringComparer.Ordinal);
        Dictionary<MessageQueue, ConsumerQueueOffsets> queues = [];
        ConsumerConnections? online = null;
        foreach ((BrokerData broker, _) in brokers)
        {
            string address = broker.MasterAddress!;
            if (await cluster.Admin.GetConsumerConnectionsAsync(address, name, cancellation) is { } connections)
            {
                online ??= connections;
                foreach (ClientConnection member in connections.Connections)
                {
                    members[member.ClientId] = member;
                }
            }

            foreach ((MessageQueue queue, ConsumerQueueOffsets offsets) in (await cluster.Admin.GetConsumeStatsAsync(address, name, cancellationToken: cancellation)).Queues)
            {
                queues[queue] = offsets;
            }
        }

        return new GroupOnBrokers
        {
            Name = name,
            Brokers = brokers,
            Members = [.. members.Values.OrderBy(static member => member.ClientId, StringComparer.Ordinal)],
            Online = online,
            Queues = queues,
        };
    }
}
