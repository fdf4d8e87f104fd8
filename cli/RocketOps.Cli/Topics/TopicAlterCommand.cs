using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Topics;

/// <summary><c>rocketops topic alter</c>: shows what would change on each broker, asks, and changes it.</summary>
internal static class TopicAlterCommand
{
    private static readonly CompositeFormat Instead = CompositeFormat.Parse("kubectl edit topic.rocketops.io {0}");

    public static Command Create(Shell shell)
    {
        NameArgument name = NameArgument.Topic();
        Option<int?> queues = TopicOptions.Queues("--queues", "-q", "Read and write queues on every broker group");
        Option<int?> read = TopicOptions.Queues("--read-queues", null, "Queues consumers read");
        Option<int?> write = TopicOptions.Queues("--write-queues", null, "Queues producers write");
        Option<string> permission = Choice.Of("--permission", "-p", "What clients may do", "PERMISSION", string.Empty, PermissionText.Words);
        Option<string> type = Choice.Of("--type", null, "Kind of messages", "TYPE", string.Empty, "normal", "fifo", "delay", "transaction");
        permission.DefaultValueFactory = null;
        type.DefaultValueFactory = null;
        Option<string?> cluster = TopicOptions.Cluster();
        Option<bool> yes = Confirmation.Yes();
        Option<bool> force = TopicGuard.Force();
        Option<string> output = Changes.Option();
        Command command = new DocumentedCommand(
            "alter",
            $"Change a topic on every master, after showing what changes. {TopicOptions.ObjectsNote}",
            "rocketops topic alter orders --queues 16",
            "rocketops topic alter orders --write-queues 4 --yes    first step to fewer queues: the others are read empty",
            "rocketops topic alter orders --permission r            no further messages")
        {
            name, queues, read, write, permission, type, cluster, yes, force, output,
        };
        Option[] changes = [queues, read, write, permission, type];
        command.Validators.Add(result =>
        {
            if (!changes.Any(change => result.GetResult(change) is { Implicit: false }))
            {
                result.AddError($"give what to change: {string.Join(", ", changes.Select(static change => change.Name))}.");
            }
        });
        return command.RunsOnCluster(shell, (connection, parsed, cancellation) => Changes.RunAsync(shell, parsed.GetRequiredValue(output), async told =>
        {
            string topic = parsed.GetRequiredValue(name);
            await connection.RouteAsync(topic, cancellation);
            List<(BrokerData Broker, TopicConfig To)> steps = [];
            IReadOnlyList<BrokerData> masters = await connection.MastersAsync(parsed.GetValue(cluster), cancellation);
            await TopicGuard.CheckAsync(shell, topic, masters, parsed.GetValue(force), "put it back", Instead, cancellation);
            foreach (BrokerData broker in masters)
            {
                if (await connection.Admin.GetTopicConfigAsync(broker.MasterAddress!, topic, cancellation) is { } before)
                {
                    TopicConfig to = Changed(
                        before, parsed.GetValue(read) ?? parsed.GetValue(queues), parsed.GetValue(write) ?? parsed.GetValue(queues), parsed.GetValue(permission), parsed.GetValue(type));
                    string[] differences = [.. Differences(before, to)];
                    if (differences.Length > 0)
                    {
                        steps.Add((broker, to));
                        await told.Plan.WriteLineAsync($"{topic} on {broker.BrokerName}: {string.Join(", ", differences)}");
                    }
                }
            }

            if (steps.Count == 0)
            {
                await shell.Error.WriteLineAsync($"{topic} is like that already");
                return ExitCodes.Success;
            }

            await Confirmation.AskAsync(shell, parsed.GetValue(yes), $"Change topic {topic}?", cancellation);
            foreach ((BrokerData broker, TopicConfig to) in steps)
            {
                await connection.Admin.CreateOrUpdateTopicAsync(broker.MasterAddress!, to, cancellation);
                await told.DoneAsync(
                    $"{topic}: changed on {broker.BrokerName}",
                    new JsonObject
                    {
                        ["topic"] = topic,
                        ["broker"] = broker.BrokerName,
                        ["done"] = "changed",
                        ["readQueues"] = to.ReadQueues,
                        ["writeQueues"] = to.WriteQueues,
                        ["permission"] = PermissionText.Of(to.Permission),
                        ["type"] = TopicOnBrokers.TypeOf(to),
                    });
            }

            return ExitCodes.Success;
        }));
    }

    private static TopicConfig Changed(TopicConfig before, int? read, int? write, string? permission, string? type)
    {
        Dictionary<string, string> attributes = new(before.Attributes ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        if (type is not null)
        {
            attributes[TopicOnBrokers.MessageTypeAttribute] = type.ToUpperInvariant();
        }

        return before with
        {
            ReadQueues = read ?? before.ReadQueues,
            WriteQueues = write ?? before.WriteQueues,
            Permission = permission is null ? before.Permission : PermissionText.Parse(permission),
            Attributes = attributes,
        };
    }

    private static IEnumerable<string> Differences(TopicConfig before, TopicConfig to)
    {
        if (before.ReadQueues != to.ReadQueues)
        {
            yield return $"read queues {before.ReadQueues} -> {to.ReadQueues}{(to.ReadQueues < before.ReadQueues ? " (messages in the others can no longer be read)" : string.Empty)}";
        }

        if (before.WriteQueues != to.WriteQueues)
        {
            yield return $"write queues {before.WriteQueues} -> {to.WriteQueues}";
        }

        if (before.Permission != to.Permission)
        {
            yield return $"permission {PermissionText.Of(before.Permission)} -> {PermissionText.Of(to.Permission)}";
        }

        if (TopicOnBrokers.TypeOf(before) != TopicOnBrokers.TypeOf(to))
        {
            yield return $"type {TopicOnBrokers.TypeOf(before)} -> {TopicOnBrokers.TypeOf(to)}";
        }
    }
}
