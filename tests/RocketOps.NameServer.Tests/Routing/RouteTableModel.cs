using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;

namespace RocketOps.NameServer.Tests.Routing;

/// <summary>What the route table should hold, told with plain dictionaries step by step in the order of remoting.md §3.3 and §3.5.</summary>
internal sealed class RouteTableModel
{
    public Dictionary<string, SortedDictionary<string, QueueData>> Topics { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, (string Cluster, SortedDictionary<long, string> Addresses, bool ActingMaster)> Groups { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, SortedSet<string>> Clusters { get; } = new(StringComparer.Ordinal);

    public Dictionary<(string Cluster, string Address), BrokerRegistration> Live { get; } = [];

    public void Register(BrokerRegistration broker)
    {
        SortedDictionary<long, string> addresses = Groups.TryGetValue(broker.BrokerName, out (string Cluster, SortedDictionary<long, string> Addresses, bool ActingMaster) group) ? new(group.Addresses) : [];

        // A difference from RocketMQ: who led an epoch that has ended is named until somebody else is.
        bool wasElected = broker.BrokerId != 0 && Live.TryGetValue((broker.Cluster, broker.Address), out BrokerRegistration? before) && before.DataVersion.StateVersion > 0;
        foreach (long other in addresses.Where(member => member.Value == broker.Address && member.Key != broker.BrokerId && !(wasElected && member.Key == 0)).Select(member => member.Key).ToArray())
        {
            addresses.Remove(other);
        }

        bool known = addresses.TryGetValue(broker.BrokerId, out string? holder);
        if (known && holder != broker.Address && Live.TryGetValue((broker.Cluster, holder!), out BrokerRegistration? live) && live.DataVersion.StateVersion > broker.DataVersion.StateVersion)
        {
            Live.Remove((broker.Cluster, broker.Address));
            AddToCluster(broker);
            return;
        }

        if (!known && broker.Topics.Count == 1)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "register broker failed");
        }

        // Another difference: the second cluster that claims an id is refused.
        BrokerRegistration[] rivals = [.. Live.Values.Where(other => known && holder != broker.Address && other.Address == holder && other.BrokerName == broker.BrokerName && other.BrokerId == broker.BrokerId)];
        if (rivals.Length > 0 && !Array.Exists(rivals, other => other.Cluster == broker.Cluster))
        {
            BrokerConflict conflict = new(broker.BrokerName, BrokerClaim.Of(broker), BrokerClaim.Of(rivals[0]), IsRefused: true);
            throw new RemotingCommandException(ResponseCode.SystemError, conflict.Text);
        }

        AddToCluster(broker);
        addresses[broker.BrokerId] = broker.Address;
        bool acting = broker.EnableActingMaster ?? false;
        Groups[broker.BrokerName] = (group.Cluster ?? broker.Cluster, addresses, acting);
        bool prime = broker.BrokerId != 0 && broker.EnableActingMaster is not null && broker.BrokerId == addresses.Keys.Min();
        if (broker.BrokerId == 0 || prime)
        {
            bool changed = !known || !Live.TryGetValue((broker.Cluster, broker.Address), out BrokerRegistration? last) || last.DataVersion != broker.DataVersion;
            foreach (TopicRegistration topic in broker.Topics)
            {
                SortedDictionary<string, QueueData> queues = Topics.TryGetValue(topic.Topic, out SortedDictionary<string, QueueData>? existing) ? existing : Topics[topic.Topic] = new(StringComparer.Ordinal);
                if (changed || !queues.ContainsKey(broker.BrokerName))
                {
                    queues[broker.BrokerName] = new QueueData(broker.BrokerName, topic.ReadQueues, topic.WriteQueues, prime && acting ? topic.Perm & ~2 : topic.Perm, topic.SysFlag);
                }
            }
        }

        Live[(broker.Cluster, broker.Address)] = broker;
    }

    public void Unregister(string cluster, string brokerName, string address)
    {
        Live.Remove((cluster, address));
        if (!Groups.TryGetValue(brokerName, out (string Cluster, SortedDictionary<long, string> Addresses, bool ActingMaster) group) || !group.Addresses.ContainsValue(address))
        {
            return;
        }

        foreach (long id in group.Addresses.Where(member => member.Value == address).Select(member => member.Key).ToArray())
        {
            group.Addresses.Remove(id);
        }

        if (group.Addresses.Count > 0)
        {
            if (group.ActingMaster && !group.Addresses.ContainsKey(0))
            {
                ForQueuesOf(brokerName, queue => queue with { Perm = queue.Perm & ~2 });
            }

            return;
        }

        Groups.Remove(brokerName);
        if (Clusters.TryGetValue(cluster, out SortedSet<string>? names))
        {
            names.Remove(brokerName);
            if (names.Count == 0)
            {
                Clusters.Remove(cluster);
            }
        }

        ForQueuesOf(brokerName, _ => null);
    }

    public void SetWritePermission(string brokerName, bool writable) => ForQueuesOf(brokerName, queue => queue with { Perm = writable ? 6 : queue.Perm & ~2 });

    public void DeleteTopic(string topic, string? cluster)
    {
        if (!Topics.TryGetValue(topic, out SortedDictionary<string, QueueData>? queues))
        {
            return;
        }

        if (cluster is null)
        {
            queues.Clear();
        }
        else if (Clusters.TryGetValue(cluster, out SortedSet<string>? names))
        {
            foreach (string name in names)
            {
                queues.Remove(name);
            }
        }

        if (queues.Count == 0)
        {
            Topics.Remove(topic);
        }
    }

    private void AddToCluster(BrokerRegistration broker)
    {
        if (!Clusters.TryGetValue(broker.Cluster, out SortedSet<string>? names))
        {
            Clusters[broker.Cluster] = names = new SortedSet<string>(StringComparer.Ordinal);
        }

        names.Add(broker.BrokerName);
    }

    private void ForQueuesOf(string brokerName, Func<QueueData, QueueData?> change)
    {
        foreach ((string topic, SortedDictionary<string, QueueData> queues) in Topics.ToArray())
        {
            if (queues.TryGetValue(brokerName, out QueueData? queue))
            {
                if (change(queue) is { } changed)
                {
                    queues[brokerName] = changed;
                }
                else
                {
                    queues.Remove(brokerName);
                }

                if (queues.Count == 0)
                {
                    Topics.Remove(topic);
                }
            }
        }
    }
}
