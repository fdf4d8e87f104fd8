using RocketOps.Cli.Connecting;
using RocketOps.Client;
using RocketOps.Protocol.Commands;

namespace RocketOps.Cli.Topics;

/// <summary>A topic summed up over the masters that have it.</summary>
internal sealed record TopicOnBrokers
{
    public const string MessageTypeAttribute = "message.type";

    public int ReadQueues { get; private init; }

    /// <summary>Null when a broker does not say.</summary>
    public long? Messages { get; private init; }

    public string MessageType { get; private init; } = "NORMAL";

    public TopicPermission Permission { get; private init; }

    public IReadOnlyList<string> Brokers { get; private init; } = [];

    public static string TypeOf(TopicConfig config) => config.Attributes?.GetValueOrDefault(MessageTypeAttribute) ?? "NORMAL";

    public static async Task<TopicOnBrokers> FindAsync(ClusterConnection cluster, string topic, CancellationToken cancellation)
    {
        TopicRoute route = await cluster.Admin.GetTopicRouteAsync(topic, cancellation) ?? new TopicRoute();
        long? messages = 0;
        string type = "NORMAL";
        foreach (BrokerData broker in ClusterConnection.WithMaster(route.Brokers))
        {
            TopicConfig? config = await cluster.Admin.GetTopicConfigAsync(broker.MasterAddress!, topic, cancellation);
            type = config is null ? type : TypeOf(config);
            messages += await CountAsync(cluster, broker.MasterAddress!, topic, cancellation);
        }

        return new TopicOnBrokers
        {
            ReadQueues = route.Queues.Sum(static queue => queue.ReadQueues),
            Messages = messages,
            MessageType = type,
            Permission = route.Queues.Aggregate(TopicPermission.None, static (all, queue) => all | queue.Permission),
            Brokers = [.. route.Queues.Select(static queue => queue.BrokerName).Order(StringComparer.Ordinal)],
        };
    }

    private static async Task<long?> CountAsync(ClusterConnection cluster, string broker, string topic, CancellationToken cancellation)
    {
        try
        {
            return (await cluster.Admin.GetTopicStatsAsync(broker, topic, cancellation)).Queues.Values.Sum(static queue => queue.MaxOffset - queue.MinOffset);
        }
        catch (RocketMqException unknown) when (unknown.ResponseCode == ResponseCode.TopicNotExist)
        {
            // System topics of name servers' lists that no broker keeps queues for.
            return null;
        }
    }
}
