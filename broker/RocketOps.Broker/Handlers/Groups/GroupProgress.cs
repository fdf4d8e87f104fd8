using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Statistics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Json;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>Progress of groups, in the JSON that consume statistics share. Source: admin.md §2.4.</summary>
internal sealed class GroupProgress(BrokerSettings settings, TopicTable topics, ConsumerOffsetTable offsets, ConsumerTable consumers, MessageStore store, BrokerStatistics statistics)
{
    /// <summary>An online group is not asked about topics it has left.</summary>
    public bool IsSubscribed(string group, string topic) => !consumers.TryGet(group, out OnlineGroup? online) || online.TryGetSubscription(topic, out _);

    /// <summary>Messages a second that the group was given of the topic during the last minute.</summary>
    public double TpsOf(string group, string topic) => statistics.GetTpsOf(group, topic);

    /// <summary>Messages that groups have still to consume, by group: of each topic a group has an offset on and has not left, over the queues that consumers see.</summary>
    public async Task<IReadOnlyDictionary<string, List<(string Topic, long Lag)>>> LagsAsync(IReadOnlySet<string> groups, CancellationToken cancellationToken)
    {
        Dictionary<string, List<(string Topic, long Lag)>> lags = new(StringComparer.Ordinal);
        foreach ((string name, string group) in offsets.Consumed.Where(pair => groups.Contains(pair.Group)))
        {
            if (topics.TryGet(name, out TopicState? topic) && IsSubscribed(group, name))
            {
                if (!lags.TryGetValue(group, out List<(string Topic, long Lag)>? ofGroup))
                {
                    lags[group] = ofGroup = [];
                }

                ofGroup.Add((name, await LagAsync(topic, group, cancellationToken)));
            }
        }

        return lags;
    }

    /// <summary>
    /// Writes an entry for each of the first <paramref name="queues"/> queues, the queue itself being its name, and returns how many messages are not consumed, and how many
    /// of these the members have been given.
    /// </summary>
    public async Task<(long Waiting, long InFlight)> WriteTopicAsync(FastJsonWriter json, TopicState topic, string group, int queues, CancellationToken cancellationToken)
    {
        (long waiting, long inFlight) = (0, 0);
        for (int queueId = 0; queueId < queues; queueId++)
        {
            long brokerOffset = (await store.Reader.GetOffsetsAsync(topic.StoreTopic, queueId, cancellationToken)).Max;
            long committed = offsets.Query(topic.Name, group, queueId);
            // Tools make offsets of logical queues of these, and look for the newest physical queue that has one: none stays −1 there.
            long consumerOffset = topic.Mapping is null ? Math.Max(0, committed) : committed;
            long pullOffset = Math.Max(consumerOffset, statistics.PullOffsetOf(group, topic.Name, queueId));
            long last = consumerOffset > 0 ? await store.Reader.StoreTimestampAtAsync(topic.StoreTopic, queueId, consumerOffset - 1, cancellationToken) : 0;
            json.BeginObjectName().Field("brokerName", settings.Current.BrokerName).Field("queueId", queueId).Field("topic", topic.Name).EndObjectName();
            json.BeginObject()
                .Field("brokerOffset", brokerOffset)
                .Field("consumerOffset", consumerOffset)
                .Field("lastTimestamp", Math.Max(0, last))
                .Field("pullOffset", pullOffset)
                .EndObject();
            waiting += brokerOffset - Math.Max(0, consumerOffset);
            inFlight += Math.Max(0, pullOffset) - Math.Max(0, consumerOffset);
        }

        return (waiting, inFlight);
    }

    private async ValueTask<long> LagAsync(TopicState topic, string group, CancellationToken cancellationToken)
    {
        long lag = 0;
        for (int queueId = 0; queueId < topic.Config.ReadQueueNums; queueId++)
        {
            long end = (await store.Reader.GetOffsetsAsync(topic.StoreTopic, queueId, cancellationToken)).Max;
            lag += Math.Max(0, end - Math.Max(0, offsets.Query(topic.Name, group, queueId)));
        }

        return lag;
    }
}
