namespace RocketOps.Client.Routing;

/// <summary>The queues that follow from a route. Source: remoting.md §3.2.</summary>
internal static class TopicQueueLists
{
    /// <summary>Most queues used on one broker, when a route claims more: the list would take the memory of the process.</summary>
    private const int MaxQueuesPerBroker = 65_536;

    /// <summary>Queues to send to: of brokers that may be written and have a master, or as the order configuration says.</summary>
    public static IReadOnlyList<MessageQueue> ForWrite(string topic, TopicRoute route)
    {
        if (route.StaticQueues is { Count: > 0 } mappings)
        {
            return [.. Logical(topic, mappings, name => CanWrite(route, route.Queues.FirstOrDefault(queue => queue.BrokerName == name)))];
        }

        if (!string.IsNullOrEmpty(route.OrderTopicConf))
        {
            return [.. ParseOrderConfig(topic, route.OrderTopicConf)];
        }

        return
        [
            .. route.Queues
                .Where(queue => CanWrite(route, queue))
                .OrderBy(static queue => queue.BrokerName, StringComparer.Ordinal)
                .SelectMany(queue => Enumerate(topic, queue.BrokerName, queue.WriteQueues)),
        ];
    }

    /// <summary>Queues to read, sorted.</summary>
    public static IReadOnlyList<MessageQueue> ForRead(string topic, TopicRoute route)
    {
        QueueData[] readable = [.. route.Queues.Where(static queue => queue.Permission.HasFlag(TopicPermission.Read))];
        return route.StaticQueues is { Count: > 0 } mappings
            ? [.. Logical(topic, mappings, name => readable.Any(queue => queue.BrokerName == name)).Order()]
            : [.. readable.SelectMany(queue => Enumerate(topic, queue.BrokerName, queue.ReadQueues)).Distinct().Order()];
    }

    private static bool CanWrite(TopicRoute route, QueueData? queue) =>
        queue?.Permission.HasFlag(TopicPermission.Write) == true && route.Brokers.Any(broker => broker.BrokerName == queue.BrokerName && broker.MasterAddress is not null);

    /// <summary>The logical queues of a static topic, each at the broker that leads it: the one of the highest epoch, also when that one cannot be used now. Source: decision 0048.</summary>
    private static IEnumerable<MessageQueue> Logical(string topic, IReadOnlyDictionary<string, StaticTopicQueues> mappings, Func<string, bool> canUse)
    {
        HashSet<int> led = [];
        foreach ((string broker, StaticTopicQueues mapping) in mappings.OrderByDescending(static mapping => mapping.Value.Epoch).ThenBy(static mapping => mapping.Key, StringComparer.Ordinal))
        {
            bool isUsable = canUse(broker);
            foreach (int id in mapping.Current.Keys.Where(static id => id >= 0).Order().Take(MaxQueuesPerBroker))
            {
                if (led.Add(id) && isUsable)
                {
                    yield return new MessageQueue(topic, broker, id);
                }
            }
        }
    }

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
