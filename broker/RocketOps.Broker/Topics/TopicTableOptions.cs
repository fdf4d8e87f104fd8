using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Names;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Topics;

/// <summary>Options of topics: which come into being, and how many.</summary>
internal sealed class TopicTableOptions : IFeatureOptions<TopicTableOptions>
{
    /// <summary>Memory for each topic up to <c>maxTopics</c>: some three times what one takes whose eight queues have a message each.</summary>
    private const int TopicBytes = 8 * 1024;

    /// <param name="values">Values of all keys.</param>
    /// <param name="memoryBytes">Bytes of memory that the process may have.</param>
    public TopicTableOptions(PropertyValues values, long memoryBytes)
    {
        AutoCreateTopic = values.Get(Keys.AutoCreateTopicEnable);
        DefaultTopicQueueNums = values.Get(Keys.DefaultTopicQueueNums);
        MaxTopics = MemoryShare.Within(values.Get(Keys.MaxTopics), memoryBytes, TopicBytes);
        ClusterTopicEnable = values.Get(Keys.ClusterTopicEnable);
        BrokerTopicEnable = values.Get(Keys.BrokerTopicEnable);
        ValidateSystemTopic = values.Get(Keys.ValidateSystemTopicWhenUpdateTopic);
        TraceTopicEnable = values.Get(Keys.TraceTopicEnable);
        TraceTopicName = values.Get(Keys.MsgTraceTopicName);
    }

    public bool AutoCreateTopic { get; }

    public int DefaultTopicQueueNums { get; }

    /// <summary>Limit of the configuration, as far as the memory allows.</summary>
    public int MaxTopics { get; }

    public bool ClusterTopicEnable { get; }

    public bool BrokerTopicEnable { get; }

    public bool ValidateSystemTopic { get; }

    public bool TraceTopicEnable { get; }

    public string TraceTopicName { get; }

    public static TopicTableOptions From(PropertyValues values) => new(values, MemoryShare.ProcessBytes);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<bool> AutoCreateTopicEnable = Boolean(
            "autoCreateTopicEnable", true, live: true,
            description: "Topics come into being with the first send.");

        public static readonly PropertyDefinition<int> DefaultTopicQueueNums = Int32(
            "defaultTopicQueueNums", 8, 1, 65_536, live: true,
            description: "Most queues of a topic that a send creates.");

        public static readonly PropertyDefinition<int> MaxTopics = Int32(
            "maxTopics", 200_000, 1, live: true,
            description: "Topics, RocketMQ's own and those for retries and dead letters among them, up to which sends make more. " +
                "Those that are there are served whatever their number; administration commands make more, and so do groups and what " +
                "they give back. Counts as one for each 8 KiB of the memory the process may have where that is less. Not in " +
                "RocketMQ.");

        public static readonly PropertyDefinition<bool> ClusterTopicEnable = Boolean(
            "clusterTopicEnable", true,
            description: "The topic named like the cluster is readable and writable.");

        public static readonly PropertyDefinition<bool> BrokerTopicEnable = Boolean(
            "brokerTopicEnable", true,
            description: "The topic named like the broker is readable and writable.");

        public static readonly PropertyDefinition<bool> ValidateSystemTopicWhenUpdateTopic = Boolean(
            "validateSystemTopicWhenUpdateTopic", true, live: true,
            description: "System topics cannot be changed by administration requests.");

        public static readonly PropertyDefinition<bool> TraceTopicEnable = Boolean(
            "traceTopicEnable", false,
            description: "The message trace topic is created at start.");

        public static readonly PropertyDefinition<string> MsgTraceTopicName = Text(
            "msgTraceTopicName", TopicNames.Trace,
            description: "Name of the message trace topic.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            AutoCreateTopicEnable, DefaultTopicQueueNums, MaxTopics, ClusterTopicEnable, BrokerTopicEnable,
            ValidateSystemTopicWhenUpdateTopic, TraceTopicEnable, MsgTraceTopicName,
        ];
    }
}
