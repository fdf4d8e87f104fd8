using System.Collections.Immutable;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Json;

namespace RocketOps.NameServer.Routing;

/// <summary>
/// Writes the bodies that carry broker groups, member for member as fastjson writes RocketMQ's beans. The lenient shape has bare numeric keys and no blank anywhere:
/// the Go client cuts the text by hand. Source: remoting.md §3.2, admin.md §2.1.
/// </summary>
internal static class RouteJson
{
    /// <summary>TopicRouteData; null when none of the topic's brokers is registered. <paramref name="actingMaster"/>: slaves that act as a master are shown as one.</summary>
    public static ReadOnlyMemory<byte>? Write(TopicQueues topic, ImmutableDictionary<string, BrokerGroup> groups, string? orderConfig, bool standard, string? zone = null, bool actingMaster = false)
    {
        List<BrokerGroup> brokers = [];
        List<QueueData> queues = [];
        bool known = false;
        foreach (QueueData queue in topic.Queues)
        {
            BrokerGroup? group = groups.GetValueOrDefault(queue.BrokerName);
            known |= group is not null;
            group = actingMaster ? group?.AsSeenFor(queue) : group;
            if (zone is not null && group is not null && group.HasMaster && !string.Equals(group.ZoneName, zone, StringComparison.OrdinalIgnoreCase))
            {
                // Clients of a zone see the masters of their zone only (remoting.md §3.7).
                continue;
            }

            queues.Add(queue);
            if (group is not null)
            {
                brokers.Add(group);
            }
        }

        if (!known)
        {
            return null;
        }

        FastJsonWriter json = new(standard);
        json.BeginObject().Name("brokerDatas").BeginArray();
        foreach (BrokerGroup broker in brokers)
        {
            WriteGroup(json, broker);
        }

        json.EndArray().Name("filterServerTable").BeginObject().EndObject();
        json.Field("orderTopicConf", orderConfig);
        json.Name("queueDatas").BeginArray();
        foreach (QueueData queue in queues)
        {
            json.BeginObject()
                .Field("brokerName", queue.BrokerName)
                .Field("perm", queue.Perm)
                .Field("readQueueNums", queue.ReadQueues)
                .Field("topicSysFlag", queue.SysFlag)
                .Field("writeQueueNums", queue.WriteQueues)
                .EndObject();
        }

        json.EndArray();
        WriteMappings(json, queues);
        return json.EndObject().Written;
    }

    /// <summary>ClusterInfo, always lenient.</summary>
    public static ReadOnlyMemory<byte> WriteClusterInfo(RouteSnapshot snapshot)
    {
        FastJsonWriter json = new();
        json.BeginObject().Name("brokerAddrTable").BeginObject();
        foreach (BrokerGroup group in snapshot.Groups.Values.OrderBy(static group => group.BrokerName, StringComparer.Ordinal))
        {
            WriteGroup(json.Name(group.BrokerName), group);
        }

        json.EndObject().Name("clusterAddrTable").BeginObject();
        foreach ((string cluster, ImmutableSortedSet<string> brokerNames) in snapshot.Clusters)
        {
            WriteNames(json.Name(cluster), brokerNames);
        }

        return json.EndObject().EndObject().Written;
    }

    /// <summary>BrokerMemberGroup, always lenient; an unknown group is written without members.</summary>
    public static ReadOnlyMemory<byte> WriteMemberGroup(BrokerGroup? group, string cluster, string brokerName)
    {
        FastJsonWriter json = new();
        json.BeginObject().Name("brokerMemberGroup").BeginObject().Name("brokerAddrs");
        WriteAddresses(json, group is not null && string.Equals(group.Cluster, cluster, StringComparison.Ordinal) ? group.Addresses : ImmutableSortedDictionary<long, string>.Empty);
        return json.Field("brokerName", brokerName).Field("cluster", cluster).EndObject().EndObject().Written;
    }

    /// <summary>TopicList.</summary>
    public static ReadOnlyMemory<byte> WriteTopicList(IEnumerable<string> topics, string? brokerAddress = null)
    {
        FastJsonWriter json = new();
        json.BeginObject().Field("brokerAddr", brokerAddress);
        WriteNames(json.Name("topicList"), topics);
        return json.EndObject().Written;
    }

    /// <summary>KVTable.</summary>
    public static ReadOnlyMemory<byte> WriteTable(IEnumerable<KeyValuePair<string, string>> table)
    {
        FastJsonWriter json = new();
        json.BeginObject().Name("table").BeginObject();
        foreach ((string key, string value) in table)
        {
            json.Field(key, value);
        }

        return json.EndObject().EndObject().Written;
    }

    public static ReadOnlyMemory<byte> WriteDataVersion(DataVersion version) =>
        new FastJsonWriter().BeginObject()
            .Field("counter", version.Counter).Field("stateVersion", version.StateVersion).Field("timestamp", version.Timestamp)
            .EndObject().Written;

    /// <summary>The brokers of a static topic; nothing for all others.</summary>
    private static void WriteMappings(FastJsonWriter json, List<QueueData> queues)
    {
        if (!queues.Exists(static queue => queue.Mapping is not null))
        {
            return;
        }

        json.Name("topicQueueMappingByBroker").BeginObject();
        foreach (QueueData queue in queues)
        {
            if (queue.Mapping is { } mapping)
            {
                WriteMapping(json.Name(queue.BrokerName), mapping);
            }
        }

        json.EndObject();
    }

    private static void WriteMapping(FastJsonWriter json, TopicQueueMappingInfo mapping)
    {
        json.BeginObject().Field("bname", mapping.BrokerName).Name("currIdMap").BeginObject();
        foreach ((int id, int physical) in mapping.LedQueues ?? [])
        {
            json.NumberName(id).Value(physical);
        }

        json.EndObject()
            .Field("dirty", mapping.Dirty)
            .Field("epoch", mapping.Epoch)
            .Field("scope", mapping.Scope)
            .Field("topic", mapping.Topic)
            .Field("totalQueues", mapping.TotalQueues)
            .EndObject();
    }

    private static void WriteGroup(FastJsonWriter json, BrokerGroup group)
    {
        json.BeginObject().Name("brokerAddrs");
        WriteAddresses(json, group.Addresses);
        json.Field("brokerName", group.BrokerName)
            .Field("cluster", group.Cluster)
            .Field("enableActingMaster", group.EnableActingMaster)
            .Field("zoneName", group.ZoneName)
            .EndObject();
    }

    private static void WriteAddresses(FastJsonWriter json, ImmutableSortedDictionary<long, string> addresses)
    {
        json.BeginObject();
        foreach ((long id, string address) in addresses)
        {
            json.NumberName(id).Value(address);
        }

        json.EndObject();
    }

    private static void WriteNames(FastJsonWriter json, IEnumerable<string> names)
    {
        json.BeginArray();
        foreach (string name in names)
        {
            json.Value(name);
        }

        json.EndArray();
    }
}
