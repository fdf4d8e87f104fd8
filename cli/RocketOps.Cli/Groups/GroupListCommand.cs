using System.CommandLine;
using System.Text.Json.Nodes;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Topics;
using RocketOps.Client;
using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Groups;

/// <summary><c>rocketops group list</c>.</summary>
internal static class GroupListCommand
{
    public static Command Create(Shell shell)
    {
        NamesArgument names = NamesArgument.GroupPatterns();
        Option<bool> all = new("--all", "-a") { Description = "The system's own groups as well, after the others" };
        Option<string?> clusterName = TopicOptions.Cluster();
        return new DocumentedCommand("list", "Consumer groups with members and lag", "rocketops group list", "rocketops group list 'billing-*'", "rocketops group list -o wide --watch") { names, all, clusterName }
            .ListsCluster(shell, (cluster, parsed, cancellation) => ListAsync(cluster, parsed.GetValue(clusterName), parsed.GetValue(names) ?? [], parsed.GetValue(all), cancellation));
    }

    private static async Task<Listing> ListAsync(ClusterConnection cluster, string? clusterName, string[] names, bool all, CancellationToken cancellation)
    {
        Listing listing = new("group", "members", "lag", "topics", Column.Wide("model"), Column.Wide("brokers"), Column.Wide("system"))
        {
            Empty = names.Length > 0
                ? $"no consumer group is called {string.Join(" or ", names)}{(all ? string.Empty : "; --all looks among the system's own too")}"
                : "no consumer groups; a consumer's first start makes one, --all shows the system's own",
        };
        IReadOnlyList<BrokerData> masters = await cluster.MastersAsync(clusterName, cancellation);
        foreach ((string name, List<(BrokerData Broker, SubscriptionGroupConfig Config)> brokers) in (await GroupOnBrokers.TableAsync(cluster, masters, cancellation))
            .Where(group => (all || !GroupNames.IsOfServers(group.Key)) && NamePatterns.IsMeant(names, group.Key))
            .OrderBy(static group => GroupNames.IsOfServers(group.Key)))
        {
            GroupOnBrokers group = await GroupOnBrokers.FindAsync(cluster, name, brokers, cancellation);
            listing.Add(
                name,
                group.Members.Count,
                group.Lag,
                new JsonArray([.. group.Topics.Select(static topic => JsonValue.Create(topic))]),
                group.Online?.MessageModel,
                new JsonArray([.. brokers.Select(static broker => JsonValue.Create(broker.Broker.BrokerName))]),
                GroupNames.IsOfServers(name));
        }

        return listing;
    }
}
