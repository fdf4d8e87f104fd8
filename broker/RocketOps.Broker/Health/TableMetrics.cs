using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Topics;

namespace RocketOps.Broker.Health;

/// <summary>Part of the metrics page about the broker's tables: topics, groups, offsets, registrations, and what is refused as they are full. Thread-safe.</summary>
internal sealed class TableMetrics(
    BrokerSettings settings,
    TopicTable topics,
    GroupTable groups,
    ConsumerOffsetTable offsets,
    OffsetPersister persister,
    ConsumerTable consumers,
    Registrations registrations,
    RefusedEntries refused) : IMetricsPart
{
    public void AddTo(MetricsText text)
    {
        text.Add("rocketmq_broker_permission", "gauge", "2 write, 4 read, 6 both.", settings.Current.Permission);
        text.Add("rocketmq_topic_number", "gauge", "Topics.", topics.Count);
        text.Add("rocketops_topics_limit", "gauge", "Topics up to which sends make more (maxTopics).", topics.Limit);
        text.Add("rocketops_topics_refused_total", "counter", "Sends that were refused since the start, as their topic was not there and there were as many as maxTopics; the log names some.", refused.Topics);
        text.Add("rocketmq_consumer_group_number", "gauge", "Consumer groups.", groups.Count);
        text.Add("rocketops_consumer_groups_online", "gauge", "Consumer groups with a member.", consumers.All.Count());
        text.Add("rocketops_consumer_groups_differing", "gauge", "Consumer groups whose members subscribe differently; the log names them.", consumers.All.Count(static group => group.SubscribesDifferently));
        text.Add("rocketops_consumer_groups_limit", "gauge", "Consumer groups up to which clients make more (maxGroups).", groups.Limit);
        text.Add("rocketops_consumer_groups_refused_total", "counter", "How often a consumer group was not made since the start, as there were too many (maxGroups, maxGroupsPerConnection); the log names some.", refused.Groups);
        text.Add("rocketops_consumer_offsets", "gauge", "Offsets of consumer groups, one for each group and queue.", offsets.Count);
        text.Add("rocketops_consumer_offsets_limit", "gauge", "Offsets up to which clients commit the first one on a queue (maxConsumerOffsets).", offsets.Limit);
        text.Add("rocketops_consumer_offsets_refused_total", "counter", "First commits on a queue that were not kept since the start, as there were as many offsets as maxConsumerOffsets; the log names some.", refused.Offsets);
        text.Add("rocketops_registrations", "gauge", "Groups that all connections together are members of, and their subscriptions.", registrations.Total);
        text.Add("rocketops_registrations_limit", "gauge", "Registrations beyond which heartbeats that say more are refused (maxRegistrations).", registrations.Limit);
        text.Add("rocketops_registrations_refused_total", "counter", "Heartbeats refused since the start, as there were as many registrations as maxRegistrations; the log names some clients.", refused.Clients);
        text.Add("rocketops_offset_write_failures_total", "counter", "Writes of the offset files that failed since the start.", persister.Failures);
    }
}
