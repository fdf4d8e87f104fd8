using System.Collections.Immutable;

namespace RocketOps.NameServer.Routing;

/// <summary>Queues of one topic: immutable, ordered by broker name, and the route answers made of them so far.</summary>
internal sealed class TopicQueues(string topic, ImmutableArray<QueueData> queues)
{
    private RouteAnswer? _standard;
    private RouteAnswer? _lenient;

    public string Topic { get; } = topic;

    public ImmutableArray<QueueData> Queues { get; } = queues;

    public QueueData? Find(string brokerName)
    {
        foreach (QueueData queue in Queues)
        {
            if (string.Equals(queue.BrokerName, brokerName, StringComparison.Ordinal))
            {
                return queue;
            }
        }

        return null;
    }

    /// <summary>Returns the queues with those of one broker added or replaced.</summary>
    public TopicQueues With(QueueData added)
    {
        ImmutableArray<QueueData>.Builder builder = ImmutableArray.CreateBuilder<QueueData>(Queues.Length + 1);
        builder.AddRange(Queues.Where(queue => !string.Equals(queue.BrokerName, added.BrokerName, StringComparison.Ordinal)));
        builder.Add(added);
        builder.Sort(static (left, right) => string.CompareOrdinal(left.BrokerName, right.BrokerName));
        return new TopicQueues(Topic, builder.DrainToImmutable());
    }

    /// <summary>Returns the queues without those of one broker; null when none is left.</summary>
    public TopicQueues? Without(string brokerName)
    {
        ImmutableArray<QueueData> left = Queues.RemoveAll(queue => string.Equals(queue.BrokerName, brokerName, StringComparison.Ordinal));
        return left.IsEmpty ? null : new TopicQueues(Topic, left);
    }

    /// <summary>
    /// The answer to a route request in one of the two shapes, made once per change of what goes into it: these queues, the broker groups, the order configuration.
    /// Null when no broker of the topic is registered.
    /// </summary>
    public ReadOnlyMemory<byte>? GetAnswer(ImmutableDictionary<string, BrokerGroup> groups, string? orderConfig, bool standard, bool actingMaster = false)
    {
        // Two threads may both build the answer; they build the same one.
        RouteAnswer? cached = standard ? Volatile.Read(ref _standard) : Volatile.Read(ref _lenient);
        if (cached is null || !cached.IsFor(groups, orderConfig, actingMaster))
        {
            cached = new RouteAnswer(groups, orderConfig, actingMaster, RouteJson.Write(this, groups, orderConfig, standard, actingMaster: actingMaster));
            if (standard)
            {
                Volatile.Write(ref _standard, cached);
            }
            else
            {
                Volatile.Write(ref _lenient, cached);
            }
        }

        return cached.Body;
    }
}

/// <summary>A finished route body together with what it was made of.</summary>
internal sealed class RouteAnswer(ImmutableDictionary<string, BrokerGroup> groups, string? orderConfig, bool actingMaster, ReadOnlyMemory<byte>? body)
{
    /// <summary>Null when no broker of the topic is registered.</summary>
    public ReadOnlyMemory<byte>? Body { get; } = body;

    public bool IsFor(ImmutableDictionary<string, BrokerGroup> currentGroups, string? currentOrderConfig, bool forActingMaster) =>
        ReferenceEquals(groups, currentGroups) && actingMaster == forActingMaster && string.Equals(orderConfig, currentOrderConfig, StringComparison.Ordinal);
}

/// <summary>The queues of a topic on one broker group. Source: remoting.md §3.6 for <paramref name="Perm"/> and <paramref name="SysFlag"/>.</summary>
internal sealed record QueueData(string BrokerName, int ReadQueues, int WriteQueues, int Perm, int SysFlag)
{
    public const int UnitFlag = 1;
    public const int UnitSubFlag = 2;

    /// <summary>Mapping of a static topic; null for all others.</summary>
    public TopicQueueMappingInfo? Mapping { get; init; }
}
