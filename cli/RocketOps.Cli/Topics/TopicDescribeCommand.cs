using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Topics;

/// <summary><c>rocketops topic describe</c>: the queues of a topic.</summary>
internal static class TopicDescribeCommand
{
    public static Command Create(Shell shell)
    {
        NameArgument name = NameArgument.Topic();
        return new DocumentedCommand("describe", "Queues of a topic and what they hold", "rocketops topic describe orders", "rocketops topic describe orders -o wide --watch") { name }
            .ListsCluster(shell, (cluster, parsed, cancellation) => DescribeAsync(shell, cluster, parsed.GetRequiredValue(name), cancellation));
    }

    private static async Task<Listing> DescribeAsync(Shell shell, ClusterConnection cluster, string topic, CancellationToken cancellation)
    {
        TopicRoute route = await cluster.RouteAsync(topic, cancellation);
        Listing listing = new("broker", "queue", "minOffset", "maxOffset", "messages", "lastMessage", Column.Wide("permission"), Column.Wide("type"), Column.Wide("address"))
        {
            Empty = $"topic {topic} has no queues on a master",
        };
        foreach (BrokerData broker in ClusterConnection.WithMaster(route.Brokers))
        {
            string address = broker.MasterAddress!;
            TopicConfig? config = await cluster.Admin.GetTopicConfigAsync(address, topic, cancellation);
            TopicStats stats = await cluster.Admin.GetTopicStatsAsync(address, topic, cancellation);
            foreach ((MessageQueue queue, QueueOffsets offsets) in stats.Queues.OrderBy(static entry => entry.Key.QueueId))
            {
                listing.Add(
                    broker.BrokerName,
                    queue.QueueId,
                    offsets.MinOffset,
                    offsets.MaxOffset,
                    offsets.MaxOffset - offsets.MinOffset,
                    LocalTime.Text(offsets.LastUpdateTimestampMs, shell.Time),
                    config is null ? null : PermissionText.Of(config.Permission),
                    config is null ? null : TopicOnBrokers.TypeOf(config),
                    address);
            }
        }

        return listing;
    }
}
