using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using RocketOps.Broker.Statistics.History;
using RocketOps.Broker.Topics;

namespace RocketOps.Broker.Groups;

/// <summary>A consumer group's settings while the broker runs, replaced as a whole, and what it reads.</summary>
internal sealed class GroupState(SubscriptionGroupConfig config)
{
    /// <summary>Bit of a forbidden topic's mask: reading. Source: apache/rocketmq PermName.INDEX_PERM_READ.</summary>
    public const int ReadForbidden = 1 << 2;

    private volatile SubscriptionGroupConfig _config = config;
    private volatile IReadOnlyDictionary<string, int>? _forbidden;
    private volatile ConcurrentDictionary<TopicState, GroupTraffic>? _traffic;

    public SubscriptionGroupConfig Config
    {
        get => _config;
        set => _config = value;
    }

    /// <summary>Topic → mask of what the group may not do with it; null of nearly all groups.</summary>
    public IReadOnlyDictionary<string, int>? Forbidden
    {
        get => _forbidden;
        set => _forbidden = value;
    }

    /// <summary>The topics the group has read since the start.</summary>
    public IEnumerable<KeyValuePair<TopicState, GroupTraffic>> Traffic => _traffic ?? Enumerable.Empty<KeyValuePair<TopicState, GroupTraffic>>();

    /// <summary>True when the group may read the topic. Neither locks nor allocates.</summary>
    public bool MayRead(TopicState topic) => _forbidden is not { } forbidden || !forbidden.TryGetValue(topic.Name, out int mask) || (mask & ReadForbidden) == 0;

    /// <summary>Finds the counters of what the group reads of the topic, if it has begun to. Neither locks nor allocates.</summary>
    public bool TryGetTraffic(TopicState topic, [MaybeNullWhen(false)] out GroupTraffic traffic)
    {
        traffic = null;
        return _traffic is { } known && known.TryGetValue(topic, out traffic);
    }

    public GroupTraffic AddTraffic(TopicState topic)
    {
        if (_traffic is null)
        {
            // Most groups read a topic or two: one lock and a few slots.
            Interlocked.CompareExchange(ref _traffic, new ConcurrentDictionary<TopicState, GroupTraffic>(concurrencyLevel: 1, capacity: 2), null);
        }

        return _traffic.GetOrAdd(topic, static _ => new GroupTraffic());
    }

    public void RemoveTraffic(TopicState topic) => _traffic?.TryRemove(topic, out _);
}
