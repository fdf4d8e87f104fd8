using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary><c>rocketops message get</c>: messages by id or key.</summary>
internal static class MessageGetCommand
{
    public const string IdDescription = "Its id, as produce and consume show it; or its offset id";

    private const int MaxMessages = 64;

    /// <summary>Hexadecimal digits of the offset at the end of an id that says where its message is stored.</summary>
    private const int OffsetDigits = 16;

    public static Command Create(Shell shell)
    {
        NameArgument topic = NameArgument.Topic("Topic of the message");
        Argument<string?> id = new("ID") { Description = IdDescription, Arity = ArgumentArity.ZeroOrOne };
        Option<string?> key = new Option<string?>("--key", "-k") { Description = "All messages with this key instead, the newest first", HelpName = "KEY" }.CheckedBy(MessageKey.FindLookupProblem);
        Option<string?> from = new Option<string?>("--from", "-f") { Description = "With --key: stored since then, a time or an age such as 2h; default: any time", HelpName = "WHEN" }
            .CheckedBy(text => StartPoint.FindTimeProblem(text, shell.Time));
        Option<int> count = new Option<int>("--count", "-c") { Description = "With --key: at most so many of every broker", HelpName = "N", DefaultValueFactory = _ => 32 }.Within(1, MaxMessages);
        Option<string> output = Choice.Of("--output", "-o", "How a message is written", "FORMAT", "yaml", "yaml", "json", "text", "body");
        Command command = new DocumentedCommand(
            "get",
            "Show a message by its id, or messages by a key",
            "rocketops message get orders C0A8006400002A9F0000000000000000",
            "rocketops message get orders --key o-17 -o json",
            "rocketops message get orders --key o-17 --from 2h")
        {
            topic, id, key, from, count, output,
        };
        command.Validators.Add(result =>
        {
            bool hasId = result.GetResult(id) is { Tokens.Count: > 0 };
            if (hasId == (result.GetResult(key) is { Implicit: false }))
            {
                result.AddError(hasId ? "give ID or --key, not both." : "ID or --key is missing.");
            }
            else if (hasId && result.GetValue(id) is { } given && FindIdProblem(given) is { } problem)
            {
                result.AddError($"{problem}; a key goes with --key.");
            }
        });
        return command.RunsOnCluster(shell, async (cluster, parsed, cancellation) =>
        {
            string name = parsed.GetRequiredValue(topic);
            TopicRoute route = await cluster.RouteAsync(name, cancellation);
            IReadOnlyList<ReceivedMessage> found = parsed.GetValue(key) is { } wanted
                ? await ByKeyAsync(shell, cluster, route, name, wanted, parsed.GetValue(count), parsed.GetValue(from), cancellation)
                : await ByIdAsync(cluster, route, name, parsed.GetValue(id)!, cancellation);
            if (found.Count == 0)
            {
                throw new CommandFailedException($"no broker of topic {name} has a message with {(parsed.GetValue(key) is { } missing ? $"key {missing}" : $"id {parsed.GetValue(id)}")}.");
            }

            await WriteAsync(shell, parsed.GetValue(output)!, found, cancellation);
            return ExitCodes.Success;
        });
    }

    private static async Task<IReadOnlyList<ReceivedMessage>> ByKeyAsync(
        Shell shell, ClusterConnection cluster, TopicRoute route, string topic, string key, int count, string? from, CancellationToken cancellation)
    {
        DateTimeOffset begin = from is null ? DateTimeOffset.UnixEpoch : StartPoint.Parse(from, shell.Time)!.Time!.Value;
        List<ReceivedMessage> found = [];
        foreach (BrokerData broker in ClusterConnection.WithMaster(route.Brokers))
        {
            found.AddRange(Named(broker, await cluster.Reader.FindByKeyAsync(broker.MasterAddress!, topic, key, count, begin, shell.Time.GetUtcNow().AddDays(1), cancellation)));
        }

        return [.. found.OrderByDescending(static message => message.StoreTime)];
    }

    /// <summary>Finds why a text can be no id, without a full stop; null when it can.</summary>
    public static string? FindIdProblem(string given) => given.All(char.IsAsciiHexDigit) ? null : $"\"{given}\" is no id, which has hexadecimal digits alone";

    /// <summary>Finds messages by an id of either kind; empty when no master has it.</summary>
    public static async Task<IReadOnlyList<ReceivedMessage>> ByIdAsync(ClusterConnection cluster, TopicRoute route, string topic, string id, CancellationToken cancellation)
    {
        BrokerData[] masters = [.. ClusterConnection.WithMaster(route.Brokers)];
        foreach (BrokerData broker in masters)
        {
            IReadOnlyList<ReceivedMessage> found = await cluster.Reader.FindByIdAsync(broker.MasterAddress!, topic, id, cancellation);
            if (found.Count > 0)
            {
                return [.. Named(broker, found)];
            }
        }

        // Perhaps an id that says where the message is stored. Brokers move to other addresses, so each is asked for the offset in it and what it finds is compared.
        if (id.Length > OffsetDigits && long.TryParse(id.AsSpan(id.Length - OffsetDigits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out long offset))
        {
            foreach (BrokerData broker in masters)
            {
                if (await cluster.Reader.FindByCommitLogOffsetAsync(broker.MasterAddress!, offset, cancellation) is { } message && string.Equals(message.OffsetMessageId, id, StringComparison.OrdinalIgnoreCase))
                {
                    return [.. Named(broker, [message])];
                }
            }
        }

        return [];
    }

    /// <summary>A record does not know the name of its broker.</summary>
    private static IEnumerable<ReceivedMessage> Named(BrokerData broker, IEnumerable<ReceivedMessage> messages) =>
        messages.Select(message => message with { Queue = message.Queue with { BrokerName = broker.BrokerName } });

    private static async Task WriteAsync(Shell shell, string format, IReadOnlyList<ReceivedMessage> messages, CancellationToken cancellation)
    {
        if (format == "yaml")
        {
            await shell.Output.WriteAsync(string.Join("---\n", messages.Select(static message => Yaml.Write(MessageJson.ToObject(message)))));
            return;
        }

        MessagePrinter printer = new(shell, Enum.Parse<MessageFormat>(format, ignoreCase: true), template: null);
        foreach (ReceivedMessage message in messages)
        {
            await printer.WriteAsync(message, cancellation);
        }
    }
}
