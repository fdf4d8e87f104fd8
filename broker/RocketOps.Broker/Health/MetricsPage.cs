using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Topics;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Health;

/// <summary>
/// A first page of figures in Prometheus' text format, names and labels as a RocketMQ 5 broker exports them where it has the figure (admin.md §4.1), ours with the
/// prefix rocketops_.
/// </summary>
internal sealed class MetricsPage(BrokerSettings settings, MessageStore store, TopicTable topics, GroupTable groups, ConsumerOffsetTable offsets, Registrations registrations, RefusedEntries refused, PullCounters pulls, ParkedPulls parked, ConsumerTable consumers, OffsetPersister persister, WaitingMetrics waiting, ReplicationMetrics replication)
{
    public Task WriteAsync(HttpResponse response)
    {
        response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return response.WriteAsync(Render());
    }

    internal string Render()
    {
        BrokerOptions options = settings.Current;
        StoreStats stats = store.GetStats();
        string labels = FormattableString.Invariant($"{{cluster=\"{Escape(options.ClusterName)}\",node_type=\"broker\",node_id=\"{Escape(options.BrokerName)}\"");
        const string Storage = ",storage_type=\"local\",storage_medium=\"disk\"";
        StringBuilder text = new();
        Add("rocketmq_broker_permission", "gauge", "2 write, 4 read, 6 both.", options.Permission);
        Add("rocketmq_topic_number", "gauge", "Topics.", topics.Count);
        Add("rocketops_topics_limit", "gauge", "Topics up to which sends make more (maxTopics).", options.MaxTopics);
        Add("rocketops_topics_refused_total", "counter", "Sends that were refused since the start, as their topic was not there and there were as many as maxTopics; the log names some.", refused.Topics);
        Add("rocketmq_consumer_group_number", "gauge", "Consumer groups.", groups.Count);
        Add("rocketmq_storage_size", "gauge", "Bytes of the commit log.", stats.MaxOffset.Value - stats.MinOffset.Value, Storage);
        Add("rocketmq_storage_flush_behind_bytes", "gauge", "Bytes not yet on disk.", stats.MaxOffset.Value - stats.DurableOffset.Value, Storage);
        Add("rocketmq_storage_dispatch_behind_bytes", "gauge", "Bytes consumers do not see yet.", stats.DispatchBehindBytes, Storage);
        Add("rocketops_disk_available_bytes", "gauge", "Bytes of the commit log's disk that are free, as of the last look at it; -1 while unknown.", stats.DiskAvailableBytes);
        Add("rocketops_disk_full", "gauge", "1 while sends are refused for want of room.", stats.Shortage == DiskShortage.None ? 0 : 1);
        Add("rocketops_messages_stored_total", "counter", "Messages stored since the start.", stats.MessagesAppended);
        Add("rocketops_bytes_stored_total", "counter", "Bytes of records stored since the start.", stats.BytesAppended);
        Add("rocketops_messages_delivered_total", "counter", "Messages delivered to pulls since the start.", pulls.Messages);
        Add("rocketops_bytes_delivered_total", "counter", "Bytes of records delivered to pulls since the start.", pulls.Bytes);
        Add("rocketops_pulls_parked", "gauge", "Pulls that wait for messages.", parked.Count);
        Add("rocketops_consumer_groups_online", "gauge", "Consumer groups with a member.", consumers.All.Count());
        Add("rocketops_consumer_groups_differing", "gauge", "Consumer groups whose members subscribe differently; the log names them.", consumers.All.Count(static group => group.SubscribesDifferently));
        Add("rocketops_consumer_groups_limit", "gauge", "Consumer groups up to which clients make more (maxGroups).", options.MaxGroups);
        Add("rocketops_consumer_groups_refused_total", "counter", "How often a consumer group was not made since the start, as there were too many (maxGroups, maxGroupsPerConnection); the log names some.", refused.Groups);
        Add("rocketops_consumer_offsets", "gauge", "Offsets of consumer groups, one for each group and queue.", offsets.Count);
        Add("rocketops_consumer_offsets_limit", "gauge", "Offsets up to which clients commit the first one on a queue (maxConsumerOffsets).", options.MaxConsumerOffsets);
        Add("rocketops_consumer_offsets_refused_total", "counter", "First commits on a queue that were not kept since the start, as there were as many offsets as maxConsumerOffsets; the log names some.", refused.Offsets);
        Add("rocketops_registrations", "gauge", "Groups that all connections together are members of, and their subscriptions.", registrations.Total);
        Add("rocketops_registrations_limit", "gauge", "Registrations beyond which heartbeats that say more are refused (maxRegistrations).", options.MaxRegistrations);
        Add("rocketops_registrations_refused_total", "counter", "Heartbeats refused since the start, as there were as many registrations as maxRegistrations; the log names some clients.", refused.Clients);
        Add("rocketops_offset_write_failures_total", "counter", "Writes of the offset files that failed since the start.", persister.Failures);
        Add("rocketops_timers_active", "gauge", "Timers of the process that run.", Timer.ActiveCount);
        Add("rocketops_pool_threads", "gauge", "Threads of the thread pool.", ThreadPool.ThreadCount);
        Add("rocketops_heap_bytes", "gauge", "Bytes of managed memory that are in use or not yet collected.", GC.GetTotalMemory(forceFullCollection: false));
        waiting.AddTo(text, labels);
        replication.AddTo(text, labels);
        return text.ToString();

        void Add(string name, string type, string help, long value, string more = "") =>
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name}{labels}{more}}} {value}\n");
    }

    /// <summary>A label value in the exposition format: names of clusters and brokers are free text.</summary>
    internal static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
