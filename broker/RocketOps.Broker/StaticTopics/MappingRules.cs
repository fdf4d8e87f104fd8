using System.Globalization;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.StaticTopics;

/// <summary>
/// Which mapping may become or replace one, in RocketMQ's words; what it only asserts, which its programs leave out, is refused here too: a stretch that moved would show
/// consumers other messages under offsets they know. Source: apache/rocketmq TopicQueueMappingManager, TopicQueueMappingUtils 5.5.0.
/// </summary>
internal static class MappingRules
{
    /// <summary>More stretches of one logical queue are a mistake: each is a remapping that was never cleaned up.</summary>
    private const int MaxItems = 1_024;

    /// <summary>Throws <see cref="RemotingCommandException"/> when the mapping is none that this broker can serve.</summary>
    public static void Check(TopicQueueMapping mapping, string topic, string brokerName)
    {
        if (!string.Equals(mapping.Topic, topic, StringComparison.Ordinal))
        {
            throw Refused($"The mapping is of topic {mapping.Topic}, the request of {topic}");
        }

        if (!string.Equals(mapping.BrokerName, brokerName, StringComparison.Ordinal))
        {
            throw Refused($"The mapping is of broker {mapping.BrokerName}, this one is {brokerName}");
        }

        if (string.IsNullOrEmpty(mapping.Scope) || mapping.TotalQueues is < 0 or > Topics.TopicConfig.MaxQueues)
        {
            throw Refused("The field is illegal: scope must not be empty, totalQueues must be between 0 and 65536");
        }

        foreach ((int id, List<LogicQueueMappingItem>? items) in mapping.Queues ?? [])
        {
            if (id is < 0 or >= Topics.TopicConfig.MaxQueues || items is null or { Count: > MaxItems } || items.Contains(null!))
            {
                throw Refused(string.Create(CultureInfo.InvariantCulture, $"The queue {id} is illegal: its number must be between 0 and {Topics.TopicConfig.MaxQueues - 1}, and it has at most {MaxItems} items"));
            }

            CheckItems(items);
        }
    }

    /// <summary>
    /// The mapping that takes the place of <paramref name="old"/>: what the new one leaves out is kept. Throws <see cref="RemotingCommandException"/> when it may not.
    /// </summary>
    public static TopicQueueMapping Replace(TopicQueueMapping old, TopicQueueMapping mapping, bool force)
    {
        SortedDictionary<int, List<LogicQueueMappingItem>> queues = new(mapping.Queues ?? []);
        if (!force)
        {
            CheckEpoch(old, mapping);
        }

        bool sameEpoch = mapping.Epoch == old.Epoch;
        foreach ((int id, List<LogicQueueMappingItem> items) in old.Queues ?? [])
        {
            if (!queues.TryGetValue(id, out List<LogicQueueMappingItem>? added))
            {
                queues[id] = sameEpoch && !force ? throw Refused("Cannot accept equal epoch with null data") : items;
            }
            else if (!force)
            {
                CheckSame(items, added, sameEpoch);
            }
        }

        return mapping with { Queues = queues };
    }

    private static void CheckEpoch(TopicQueueMapping old, TopicQueueMapping mapping)
    {
        if (mapping.Epoch < old.Epoch)
        {
            throw Refused(string.Create(CultureInfo.InvariantCulture, $"Can't accept data with small epoch {mapping.Epoch} < {old.Epoch}"));
        }

        if (!string.Equals(mapping.Scope, old.Scope, StringComparison.Ordinal))
        {
            throw Refused($"Can't accept data with unmatched scope {mapping.Scope} != {old.Scope}");
        }
    }

    private static void CheckItems(List<LogicQueueMappingItem> items)
    {
        int lastGen = -1;
        long lastOffset = -1;
        for (int i = items.Count - 1; i >= 0; i--)
        {
            LogicQueueMappingItem item = items[i];
            if (item.StartOffset < 0 || item.Gen < 0 || item.QueueId < 0)
            {
                throw Refused("The field is illegal, should not be negative");
            }

            if (i < items.Count - 1 && !item.IsPlaced)
            {
                throw Refused("The non-latest item has negative logic offset");
            }

            if (lastGen != -1 && item.Gen >= lastGen)
            {
                throw Refused("The gen does not increase monotonically");
            }

            if (item.EndOffset != -1 && item.EndOffset < item.StartOffset)
            {
                throw Refused("The endOffset is smaller than the start offset");
            }

            if (lastOffset != -1 && item.LogicOffset != -1)
            {
                if (item.LogicOffset >= lastOffset)
                {
                    throw Refused("The base logic offset does not increase monotonically");
                }

                if (item.MaxLogicOffset >= lastOffset)
                {
                    throw Refused("The max logic offset does not increase monotonically");
                }
            }

            lastGen = item.Gen;
            lastOffset = item.LogicOffset;
        }
    }

    /// <summary>Stretches that both have are the same; the first may have expired, and a queue that came back to a broker may have lost those between.</summary>
    private static void CheckSame(List<LogicQueueMappingItem> old, List<LogicQueueMappingItem> added, bool sameEpoch)
    {
        if (old.Count == 0)
        {
            return;
        }

        if (added.Count == 0)
        {
            throw Refused("The new item list is null or empty");
        }

        LogicQueueMappingItem oldLeader = old[^1];
        LogicQueueMappingItem leader = added[^1];
        if (sameEpoch && (leader.Gen != oldLeader.Gen || leader.BrokerName != oldLeader.BrokerName || leader.QueueId != oldLeader.QueueId || leader.StartOffset != oldLeader.StartOffset))
        {
            throw Refused("The new leader is different but epoch equal");
        }

        foreach (LogicQueueMappingItem before in old)
        {
            LogicQueueMappingItem? after = added.Find(item => item.Gen == before.Gen);
            bool moved = after is not null
                && (after.BrokerName != before.BrokerName || after.QueueId != before.QueueId || after.StartOffset != before.StartOffset || (before.IsPlaced && after.LogicOffset != before.LogicOffset));
            if (moved)
            {
                throw Refused(string.Create(CultureInfo.InvariantCulture, $"The item of gen {before.Gen} is immutable: broker, queue, start and a decided logic offset stay as they are"));
            }
        }
    }

    private static RemotingCommandException Refused(string reason) => new(ResponseCode.SystemError, reason);
}
