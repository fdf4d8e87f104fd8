namespace RocketOps.Client.Routing;

/// <summary>The queues that follow from a route. Source: remoting.md §3.2.</summary>
internal static class TopicQueueLists
{
    /// <summary>Of a route that claims more queues on one broker so many are used: the list would take the memory of the process.</summary>
    private const int MaxQueuesPerBroker = 65_536;

    /// <summary>Queues to send to: of brokers that may be written and have a master, or as the order configuration says.</summary>
    public static IReadOnlyList<MessageQueue> ForWrite(string topic, TopicRoute route)
    {
        if (!string.IsNullOrEmpty(route.OrderTopicConf))
        {
            return [.. ParseOrderConfig(topic, route.OrderTopicConf)];
        }

        return
        [
            .. route.Queues
                .Where(queue => queue.Permission.HasFlag(TopicPermission.Write) && route.Brokers.Any(broker => broker.BrokerName == queue.BrokerName && broker.MasterAddress is not null))
                .OrderBy(static queue => queue.BrokerName, StringComparer.Ordinal)
                .SelectMany(queue => Enumerate(topic, queue.BrokerName, queue.WriteQueues)),
        ];
    }

    /// <summary>Queues to read, sorted.</summary>
    public static IReadOnlyList<MessageQueue> ForRead(string topic, TopicRoute route) =>
    [
        .. route.Queues
            .Where(static queue => queue.Permission.HasFlag(TopicPermission.Read))
            .SelectMany(queue => Enumerate(topic, queue.BrokerName, queue.ReadQueues))
            .Distinct().Order(),
    ];

    private static IEnumerable<MessageQueue> ParseOrderConfig(string topic, string orderConfig)
    {
        foreach (string part in orderConfig.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int colon = part.LastIndexOf(':');
            if (colon > 0 && int.TryParse(part.AsSpan(colon + 1), out int count))
            {
                foreach (MessageQueue queue in Enumerate(topic, part[..colon], count))
                {
                    yield return queue;
                }
            }
        }
    }

    private static IEnumerable<MessageQueue> Enumerate(string topic, string brokerName, int count) =>
        Enumerable.Range(0, Math.Clamp(count, 0, MaxQueuesPerBroker)).Select(id => new MessageQueue(topic, brokerName, id));
}
