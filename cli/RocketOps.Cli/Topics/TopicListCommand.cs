using System.CommandLine;
using System.Text.Json.Nodes;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;
using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Topics;

/// <summary><c>rocketops topic list</c>.</summary>
internal static class TopicListCommand
{
    public static Command Create(Shell shell)
    {
        NamesArgument names = NamesArgument.TopicPatterns();
        Option<bool> all = new("--all", "-a") { Description = "System, retry and dead-letter topics as well, after the others" };
        return new DocumentedCommand("list", "Topics with their queues and messages", "rocketops topic list", "rocketops topic list 'orders-*'", "rocketops topic list --all -o wide", "rocketops topic list --watch") { names, all }
            .ListsCluster(shell, (cluster, parsed, cancellation) => ListAsync(cluster, parsed.GetValue(names) ?? [], parsed.GetValue(all), cancellation));
    }

    private static async Task<Listing> ListAsync(ClusterConnection cluster, string[] names, bool all, CancellationToken cancellation)
    {
        ClusterInfo info = await cluster.Admin.GetClusterInfoAsync(cancellation);
        HashSet<string> servers = [.. info.Clusters.Keys, .. info.Brokers.Keys];
        Listing listing = new("topic", "queues", "messages", "type", Column.Wide("permission"), Column.Wide("brokers"), Column.Wide("system"))
        {
            Empty = names.Length > 0
                ? $"no topic is called {string.Join(" or ", names)}{(all ? string.Empty : "; --all looks among the system's own too")}"
                : "no topics; \"rocketops topic create NAME\" makes one, --all shows the system's own",
        };
        IEnumerable<(string Name, bool IsSystem)> topics = (await cluster.Admin.GetTopicNamesAsync(cancellation))
            .Select(topic => (topic, TopicNames.IsOfServers(topic, servers)))
            .Where(topic => (all || !topic.Item2) && NamePatterns.IsMeant(names, topic.topic))
            .OrderBy(static topic => topic.Item2).ThenBy(static topic => topic.topic, StringComparer.Ordinal);
        foreach ((string topic, bool isSystem) in topics)
        {
            TopicOnBrokers found = await TopicOnBrokers.FindAsync(cluster, topic, cancellation);
            listing.Add(
                topic, found.ReadQueues, found.Messages, found.MessageType, PermissionText.Of(found.Permission), new JsonArray([.. found.Brokers.Select(static broker => JsonValue.Create(broker))]), isSystem);
        }

        return listing;
    }
}
