using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using RocketOps.Broker.Statistics;
using RocketOps.Broker.Topics;

namespace RocketOps.Broker.Groups;

/// <summary>A consumer group's settings while the broker runs, replaced as a whole, and what it reads.</summary>
internal sealed class GroupState(SubscriptionGroupConfig config)
{
    private volatile SubscriptionGroupConfig _config = config;
    private volatile ConcurrentDictionary<TopicState, GroupTraffic>? _traffic;

    public SubscriptionGroupConfig Config
    {
        get => _config;
        set => _config = value;
    }

    /// <summary>The topics the group has read since the start.</summary>
    public IEnumerable<KeyValuePair<TopicState, GroupTraffic>> Traffic => _traffic ?? Enumerable.Empty<KeyValuePair<TopicState, GroupTraffic>>();

    /// <summary>What the group reads of the topic, if it has begun to. Neither locks nor allocates.</summary>
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
