using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Topics;
using RocketOps.Client;
using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Groups;

/// <summary><c>rocketops group lag</c>: how far a group is in every queue.</summary>
internal static class GroupLagCommand
{
    public static Command Create(Shell shell)
    {
        NameArgument name = NameArgument.Group();
        NameOption topic = NameOption.Topic("Only this topic");
        Option<string?> clusterName = TopicOptions.Cluster();
        return new DocumentedCommand("lag", "How far a consumer group is in every queue", "rocketops group lag billing", "rocketops group lag billing --topic orders --watch") { name, topic, clusterName }
            .ListsCluster(shell, (cluster, parsed, cancellation) => LagAsync(shell, cluster, parsed.GetRequiredValue(name), parsed.GetValue(topic), parsed.GetValue(clusterName), cancellation));
    }

    private static async Task<Listing> LagAsync(Shell shell, ClusterConnection cluster, string name, string? topic, string? clusterName, CancellationToken cancellation)
    {
        GroupOnBrokers group = await GroupOnBrokers.FindAsync(cluster, name, clusterName, cancellation);
        Listing listing = new("topic", "broker", "queue", "maxOffset", "committed", "lag", Column.Wide("lastConsumed"))
        {
            Empty = topic is null ? $"group {name} has no offsets: it has consumed nothing yet" : $"group {name} has no offsets in {topic}",
        };
        long total = 0;
        foreach ((MessageQueue queue, ConsumerQueueOffsets offsets) in group.Queues.OrderBy(static entry => entry.Key))
        {
            // A group's own retry topic says something only while messages wait in it.
            bool isRetry = TopicNames.IsRetry(queue.Topic);
            if ((topic is null || queue.Topic == topic) && (!isRetry || offsets.Lag > 0 || queue.Topic == topic))
            {
                total += offsets.Lag;
                listing.Add(queue.Topic, queue.BrokerName, queue.QueueId, offsets.BrokerOffset, offsets.ConsumerOffset, offsets.Lag, LocalTime.Text(offsets.LastTimestampMs, shell.Time));
            }
        }

        listing.Footer = $"{CountText.Of(total, "message")} {(total == 1 ? "waits" : "wait")} for {CountText.Of(group.Members.Count, "member")}";
        return listing;
    }
}
