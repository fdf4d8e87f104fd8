using System.CommandLine;
using System.Text.Json.Nodes;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Topics;

/// <summary><c>rocketops topic create</c>: makes topics that are not there yet.</summary>
internal static class TopicCreateCommand
{
    private const int DefaultQueues = 8;

    public static Command Create(Shell shell)
    {
        NamesArgument names = NamesArgument.Topics();
        Option<int?> queues = TopicOptions.Queues("--queues", "-q", $"Queues on every broker group (default: {DefaultQueues})");
        Option<string> type = Choice.Of("--type", null, "Kind of messages, as 5.x clients and brokers check it", "TYPE", "normal", "normal", "fifo", "delay", "transaction");
        Option<string?> cluster = TopicOptions.Cluster();
        Option<string> output = Changes.Option();
        return new DocumentedCommand(
            "create",
            "Create topics on every master; when one of them exists, none is made",
            "rocketops topic create orders",
            "rocketops topic create orders payments --queues 16 --type fifo")
        {
            names, queues, type, cluster, output,
        }.RunsOnCluster(shell, (connection, parsed, cancellation) => Changes.RunAsync(shell, parsed.GetRequiredValue(output), async changes =>
        {
            string kind = parsed.GetRequiredValue(type).ToUpperInvariant();
            int count = parsed.GetValue(queues) ?? DefaultQueues;
            TopicConfig[] topics =
            [
                .. parsed.GetRequiredValue(names).Distinct(StringComparer.Ordinal).Select(name => new TopicConfig
                {
                    Name = name,
                    ReadQueues = count,
                    WriteQueues = count,
                    Attributes = kind == "NORMAL" ? null : new Dictionary<string, string>(StringComparer.Ordinal) { [TopicOnBrokers.MessageTypeAttribute] = kind },
                }),
            ];
            IReadOnlyList<BrokerData> masters = await connection.MastersAsync(parsed.GetValue(cluster), cancellation);
            List<(TopicConfig Topic, List<BrokerData> Brokers)> steps = [];
            foreach (TopicConfig topic in topics)
            {
                steps.Add((topic, await LackingAsync(connection, topic, masters, cancellation)));
            }

            foreach ((TopicConfig topic, List<BrokerData> brokers) in steps)
            {
                await CreateAsync(shell, connection, topic, brokers, masters.Count, changes, cancellation);
            }

            return ExitCodes.Success;
        }));
    }

    /// <summary>The brokers that do not have it. Throws <see cref="CommandFailedException"/> when all have.</summary>
    private static async Task<List<BrokerData>> LackingAsync(ClusterConnection connection, TopicConfig topic, IReadOnlyList<BrokerData> masters, CancellationToken cancellation)
    {
        List<BrokerData> lacking = [];
        foreach (BrokerData broker in masters)
        {
            if (await connection.Admin.GetTopicConfigAsync(broker.MasterAddress!, topic.Name, cancellation) is null)
            {
                lacking.Add(broker);
            }
        }

        return lacking.Count > 0 ? lacking : throw new CommandFailedException($"topic {topic.Name} exists. \"rocketops topic alter {topic.Name}\" changes it.");
    }

    private static async Task CreateAsync(
        Shell shell, ClusterConnection connection, TopicConfig topic, List<BrokerData> brokers, int masters, Changes changes, CancellationToken cancellation)
    {
        if (brokers.Count < masters)
        {
            // Brokers that joined later: the topic may have been given other settings since, which alter would show.
            await shell.Error.WriteLineAsync($"{topic.Name} exists on {masters - brokers.Count} of {masters} broker groups and is made on the others");
        }

        foreach (BrokerData broker in brokers)
        {
            await connection.Admin.CreateOrUpdateTopicAsync(broker.MasterAddress!, topic, cancellation);
            await changes.DoneAsync(
                $"{topic.Name}: {CountText.Of(topic.ReadQueues, "queue")} on {broker.BrokerName}",
                new JsonObject { ["topic"] = topic.Name, ["broker"] = broker.BrokerName, ["done"] = "created", ["queues"] = topic.ReadQueues, ["type"] = TopicOnBrokers.TypeOf(topic) });
        }
    }
}
