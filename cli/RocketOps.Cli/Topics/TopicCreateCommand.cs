using System.CommandLine;
using RocketOps.Cli.Clusters;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Topics;

/// <summary><c>rocketops topic create</c>: makes a topic that is not there yet.</summary>
internal static class TopicCreateCommand
{
    private const int DefaultQueues = 8;

    public static Command Create(Shell shell)
    {
        NameArgument name = NameArgument.Topic();
        Option<int?> queues = TopicOptions.Queues("--queues", "-q", $"Queues on every broker group (default: {DefaultQueues})");
        Option<string> type = Choice.Of("--type", null, "Kind of messages, as 5.x clients and brokers check it", "TYPE", "normal", "normal", "fifo", "delay", "transaction");
        Option<string?> cluster = TopicOptions.Cluster();
        return new DocumentedCommand("create", "Create a topic on every master; one that exists is refused", "rocketops topic create orders", "rocketops topic create orders --queues 16 --type fifo") { name, queues, type, cluster }
            .RunsOnCluster(shell, async (connection, parsed, cancellation) =>
            {
                string kind = parsed.GetValue(type)!.ToUpperInvariant();
                int count = parsed.GetValue(queues) ?? DefaultQueues;
                TopicConfig topic = new()
                {
                    Name = parsed.GetRequiredValue(name),
                    ReadQueues = count,
                    WriteQueues = count,
                    Attributes = kind == "NORMAL" ? null : new Dictionary<string, string>(StringComparer.Ordinal) { [TopicOnBrokers.MessageTypeAttribute] = kind },
                };
                await CreateAsync(shell, connection, topic, parsed.GetValue(cluster), cancellation);
                return ExitCodes.Success;
            });
    }

    private static async Task CreateAsync(Shell shell, ClusterConnection connection, TopicConfig topic, string? cluster, CancellationToken cancellation)
    {
        IReadOnlyList<BrokerData> masters = await connection.MastersAsync(cluster, cancellation);
        List<BrokerData> lacking = [];
        foreach (BrokerData broker in masters)
        {
            if (await connection.Admin.GetTopicConfigAsync(broker.MasterAddress!, topic.Name, cancellation) is null)
            {
                lacking.Add(broker);
            }
        }

        if (lacking.Count == 0)
        {
            throw new CommandFailedException($"topic {topic.Name} exists. \"rocketops topic alter {topic.Name}\" changes it.");
        }

        if (lacking.Count < masters.Count)
        {
            // Brokers that joined later: the topic may have been given other settings since, which alter would show.
            await shell.Error.WriteLineAsync($"{topic.Name} exists on {masters.Count - lacking.Count} of {masters.Count} broker groups and is made on the others");
        }

        foreach (BrokerData broker in lacking)
        {
            await connection.Admin.CreateOrUpdateTopicAsync(broker.MasterAddress!, topic, cancellation);
            await shell.Output.WriteLineAsync($"{topic.Name}: {Quantity.Of(topic.ReadQueues, "queue")} on {broker.BrokerName}");
        }
    }
}
