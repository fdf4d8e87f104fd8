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

/// <summary><c>rocketops group describe</c>: members and settings.</summary>
internal static class GroupDescribeCommand
{
    public static Command Create(Shell shell)
    {
        NameArgument name = NameArgument.Group();
        Option<string?> clusterName = TopicOptions.Cluster();
        return new DocumentedCommand("describe", "Members and settings of a consumer group", "rocketops group describe billing", "rocketops group describe billing -o json") { name, clusterName }
            .ListsCluster(shell, (cluster, parsed, cancellation) => DescribeAsync(cluster, parsed.GetRequiredValue(name), parsed.GetValue(clusterName), cancellation));
    }

    private static async Task<Details> DescribeAsync(ClusterConnection cluster, string name, string? clusterName, CancellationToken cancellation)
    {
        GroupOnBrokers group = await GroupOnBrokers.FindAsync(cluster, name, clusterName, cancellation);
        SubscriptionGroupConfig config = group.Brokers[0].Config;
        TopicOnBrokers dead = await TopicOnBrokers.FindAsync(cluster, TopicNames.DeadLetterTopicOf(name), cancellation);
        JsonObject values = new()
        {
            ["group"] = name,
            ["lag"] = group.Lag,
            ["deadLetters"] = dead.Messages ?? 0,
            ["topics"] = new JsonArray([.. group.Topics.Select(static topic => JsonValue.Create(topic))]),
            ["model"] = group.Online?.MessageModel,
            ["type"] = group.Online?.ConsumeType,
            ["startsFrom"] = group.Online?.ConsumeFromWhere,
            ["consumeEnable"] = config.ConsumeEnable,
            ["orderly"] = config.ConsumeMessageOrderly,
            ["retryMaxTimes"] = config.RetryMaxTimes,
            ["retryQueues"] = config.RetryQueues,
            ["brokers"] = new JsonArray([.. group.Brokers.Select(static broker => JsonValue.Create(broker.Broker.BrokerName))]),
            ["members"] = new JsonArray([.. group.Members.Select(static member => new JsonObject
            {
                ["clientId"] = member.ClientId,
                ["address"] = member.Address,
                ["language"] = member.Language,
                ["version"] = member.Version,
            })]),
        };
        return new Details(values);
    }
}
