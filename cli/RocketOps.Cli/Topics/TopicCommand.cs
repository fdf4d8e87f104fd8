using System.CommandLine;
using RocketOps.Cli.Output;
using RocketOps.Client;

namespace RocketOps.Cli.Topics;

/// <summary><c>rocketops topic</c>: topics on the brokers themselves. Topics of Topic objects are better changed there.</summary>
internal static class TopicCommand
{
    public static Command Create() => new("topic", "List, create, delete and describe topics on the brokers") { List(), CreateTopic(), Delete(), Describe() };

    private static Command List()
    {
        (Option<string> nameServers, Option<string> format) = (CommonOptions.NameServers(), CommonOptions.Format());
        Command command = new("list", "Topics the name servers know") { nameServers, format };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using RocketMqAdmin admin = Admin(parsed.GetValue(nameServers)!);
            Listing listing = new("topic", "brokers", "queues");
            foreach (string topic in (await admin.GetTopicNamesAsync(cancellation)).Order(StringComparer.Ordinal))
            {
                TopicRoute? route = await admin.GetTopicRouteAsync(topic, cancellation);
                listing.Add(topic, route?.Queues.Count ?? 0, route?.Queues.Sum(queue => queue.ReadQueues) ?? 0);
            }

            await listing.WriteAsync(parsed.GetValue(format)!, Console.Out);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command CreateTopic()
    {
        Argument<string> name = TopicName();
        (Option<string> nameServers, Option<string?> cluster) = (CommonOptions.NameServers(), Cluster());
        Option<int> queues = new("--queues", "-q") { Description = "Read and write queues per broker group", DefaultValueFactory = _ => 8 };
        queues.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out int count) || count is < 1 or > 65535))
            {
                result.AddError("--queues must be between 1 and 65535.");
            }
        });
        Command command = new("create", "Create a topic on every master, or change its queues there") { name, nameServers, cluster, queues };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using RocketMqAdmin admin = Admin(parsed.GetValue(nameServers)!);
            int count = parsed.GetValue(queues);
            TopicConfig topic = new() { Name = parsed.GetValue(name)!, ReadQueues = count, WriteQueues = count };
            foreach ((string broker, string address) in await MastersAsync(admin, parsed.GetValue(cluster), cancellation))
            {
                await admin.CreateOrUpdateTopicAsync(address, topic, cancellation);
                await Console.Out.WriteLineAsync($"{topic.Name}: {count} queues on {broker}");
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Delete()
    {
        Argument<string> name = TopicName();
        (Option<string> nameServers, Option<string?> cluster) = (CommonOptions.NameServers(), Cluster());
        Command command = new("delete", "Delete a topic from every master and name server, with its messages") { name, nameServers, cluster };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using RocketMqAdmin admin = Admin(parsed.GetValue(nameServers)!);
            string topic = parsed.GetValue(name)!;
            if (!(await admin.GetTopicNamesAsync(cancellation)).Contains(topic, StringComparer.Ordinal))
            {
                // Brokers and name servers say yes to the removal of what is not there; a mistyped name must not look like a deletion.
                throw new CommandFailedException($"The name servers know no topic {topic}.");
            }

            foreach ((string broker, string address) in await MastersAsync(admin, parsed.GetValue(cluster), cancellation))
            {
                await admin.DeleteTopicOnBrokerAsync(address, topic, cancellation);
                await Console.Out.WriteLineAsync($"{topic}: deleted on {broker}");
            }

            await admin.DeleteTopicOnNameServersAsync(topic, parsed.GetValue(cluster), cancellation);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Describe()
    {
        Argument<string> name = TopicName();
        (Option<string> nameServers, Option<string> format) = (CommonOptions.NameServers(), CommonOptions.Format());
        Command command = new("describe", "Queues of a topic and what they hold") { name, nameServers, format };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using RocketMqAdmin admin = Admin(parsed.GetValue(nameServers)!);
            string topic = parsed.GetValue(name)!;
            TopicRoute route = await admin.GetTopicRouteAsync(topic, cancellation) ?? throw new CommandFailedException($"The name servers know no topic {topic}.");
            Listing listing = new("broker", "queue", "minOffset", "maxOffset", "messages");
            foreach (BrokerData broker in route.Brokers.Where(broker => broker.MasterAddress is not null).OrderBy(broker => broker.BrokerName, StringComparer.Ordinal))
            {
                TopicStats stats = await admin.GetTopicStatsAsync(broker.MasterAddress!, topic, cancellation);
                foreach ((MessageQueue queue, QueueOffsets offsets) in stats.Queues.OrderBy(entry => entry.Key.QueueId))
                {
                    listing.Add(broker.BrokerName, queue.QueueId, offsets.MinOffset, offsets.MaxOffset, offsets.MaxOffset - offsets.MinOffset);
                }
            }

            await listing.WriteAsync(parsed.GetValue(format)!, Console.Out);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Argument<string> TopicName() => new("TOPIC") { Description = "Name of the topic" };

    private static Option<string?> Cluster() => new("--cluster", "-c") { Description = "Only this cluster; needed when the name servers know several", HelpName = "NAME" };

    private static RocketMqAdmin Admin(string nameServers) => new(new AdminOptions { NameServers = nameServers });

    private static async Task<IReadOnlyList<(string Broker, string Address)>> MastersAsync(RocketMqAdmin admin, string? cluster, CancellationToken cancellation)
    {
        ClusterInfo info = await admin.GetClusterInfoAsync(cancellation);
        if (cluster is null && info.Clusters.Count > 1)
        {
            throw new CommandFailedException($"The name servers know several clusters; choose one with --cluster: {string.Join(", ", info.Clusters.Keys.Order(StringComparer.Ordinal))}.");
        }

        if (cluster is not null && !info.Clusters.ContainsKey(cluster))
        {
            throw new CommandFailedException($"The name servers know no cluster {cluster}, only: {string.Join(", ", info.Clusters.Keys.Order(StringComparer.Ordinal))}.");
        }

        List<(string BrokerName, string)> masters = info.Brokers.Values
            .Where(broker => (cluster is null || broker.Cluster == cluster) && broker.MasterAddress is not null)
            .Select(broker => (broker.BrokerName, broker.MasterAddress!))
            .OrderBy(broker => broker.BrokerName, StringComparer.Ordinal)
            .ToList();
        return masters.Count > 0 ? masters : throw new CommandFailedException("The name servers know no master broker.");
    }
}
