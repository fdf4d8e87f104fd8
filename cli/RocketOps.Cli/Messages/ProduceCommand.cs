using System.CommandLine;
using System.CommandLine.Parsing;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Messages;

/// <summary><c>rocketops produce</c>: sends messages.</summary>
internal static class ProduceCommand
{
    private const int MaxBatch = 10_000;

    public static Command Create(Shell shell)
    {
        NameArgument topic = NameArgument.Topic("Topic to send to");
        Argument<string[]> bodies = new("BODY") { Description = "Texts to send, one message each; - sends all of standard input as one. Without BODY every line of standard input is a message", Arity = ArgumentArity.ZeroOrMore };
        Option<FileInfo[]> files = new("--file", "-f") { Description = "Send a file as one message; may be given several times", HelpName = "FILE", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        Option<int?> size = new Option<int?>("--size", "-s") { Description = "Send generated bodies of so many bytes", HelpName = "BYTES" }.Within(1, BoundedLines.MaxBytes);
        Option<bool> json = new("--json") { Description = "Bodies and lines are JSON objects as \"consume -o json\" writes them" };
        Option<string[]> keys = new Option<string[]>("--key", "-k") { Description = "Key the message can be found by; may be given several times", HelpName = "KEY", Arity = ArgumentArity.OneOrMore }.CheckedBy(MessageKey.FindProblem);
        Option<string?> tag = new("--tag", "-t") { Description = "Tag consumers can filter by", HelpName = "TAG" };
        Option<string[]> properties = new Option<string[]>("--property", "-p") { Description = "Property of the message; may be given several times", HelpName = "NAME=VALUE", Arity = ArgumentArity.OneOrMore }
            .CheckedBy(static text => text.IndexOf('=', StringComparison.Ordinal) > 0 ? null : $"\"{text}\" is not NAME=VALUE.");
        Option<int> delay = new Option<int>("--delay-level") { Description = "Deliver later: level 1 to 18, by default 1s 5s 10s 30s 1m 2m … 10m 20m 30m 1h 2h", HelpName = "LEVEL" }.Within(1, 18);
        Option<string?> shardingKey = new("--sharding-key") { Description = "Messages of one sharding key go to one queue and keep their order", HelpName = "KEY" };
        Option<string?> queue = new("--queue", "-q") { Description = "Send to this queue: BROKER/ID, or ID when one broker has the topic", HelpName = "QUEUE" };
        Option<int> batch = new Option<int>("--batch", "-b") { Description = "Messages in one request", HelpName = "N", DefaultValueFactory = _ => 1 }.Within(1, MaxBatch);
        Option<long?> count = new Option<long?>("--count", "-c") { Description = "So many messages: bodies are repeated, lines are read up to here", HelpName = "N" }.Within(1, long.MaxValue);
        Option<double?> rate = new Option<double?>("--rate", "-r") { Description = "Messages in a second; without it as many as the broker takes", HelpName = "N" }.AboveZero(1_000_000);
        Option<bool> create = new("--create") { Description = "Let a broker make the topic when it does not exist" };
        Option<bool> quiet = new("--quiet") { Description = "Write no line for every message" };
        Option<string> output = Choice.Of("--output", "-o", "What is written for every message", "FORMAT", "text", "text", "json");
        Command command = new DocumentedCommand(
            "produce",
            "Send messages: texts, lines, files, JSON or generated ones",
            "rocketops produce orders 'hello'                       one message",
            "printf 'one\\ntwo\\n' | rocketops produce orders         a message for each line",
            "rocketops produce orders --size 1024 --count 100 --rate 200",
            "rocketops produce orders paid -t created -k o-17 -p region=eu",
            "rocketops consume orders -o json --exit | rocketops produce copy --json")
        {
            topic, bodies, files, size, json, keys, tag, properties, delay, shardingKey, queue, batch, count, rate, create, quiet, output,
        };
        command.Validators.Add(result => CheckTogether(result, bodies, files, size, batch, queue, shardingKey, delay));
        return command.RunsOnCluster(shell, (cluster, parsed, cancellation) => new ProduceRun(
            shell,
            cluster,
            new ProduceOptions
            {
                Topic = parsed.GetRequiredValue(topic),
                Bodies = parsed.GetValue(bodies) ?? [],
                Files = parsed.GetValue(files) ?? [],
                Size = parsed.GetValue(size),
                IsJson = parsed.GetValue(json),
                Count = parsed.GetValue(count),
                Rate = parsed.GetValue(rate),
                Batch = parsed.GetValue(batch),
                Queue = parsed.GetValue(queue),
                Create = parsed.GetValue(create),
                IsQuiet = parsed.GetValue(quiet),
                WritesJson = parsed.GetValue(output) == "json",
                Defaults = new MessageDraft
                {
                    Body = default,
                    Tag = parsed.GetValue(tag),
                    Keys = parsed.GetValue(keys) ?? [],
                    Properties = Properties(parsed.GetValue(properties) ?? []),
                    DelayLevel = parsed.GetValue(delay),
                    ShardingKey = parsed.GetValue(shardingKey),
                },
            }).RunAsync(cancellation));
    }

    private static Dictionary<string, string> Properties(string[] given)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        foreach (string pair in given)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            properties[pair[..equals]] = pair[(equals + 1)..];
        }

        return properties;
    }

    private static void CheckTogether(
        CommandResult result, Argument<string[]> bodies, Option<FileInfo[]> files, Option<int?> size, Option<int> batch, Option<string?> queue, Option<string?> shardingKey, Option<int> delay)
    {
        bool hasBodies = result.GetResult(bodies) is { Tokens.Count: > 0 };
        if ((hasBodies ? 1 : 0) + (IsGiven(files) ? 1 : 0) + (IsGiven(size) ? 1 : 0) > 1)
        {
            result.AddError("give BODY, --file or --size, not several of them.");
        }
        else if (result.GetResult(bodies)?.Tokens.Any(static token => token.Value.Length == 0) == true)
        {
            result.AddError("BODY is empty, which brokers refuse.");
        }
        else if (IsGiven(queue) && IsGiven(shardingKey))
        {
            result.AddError("--queue and --sharding-key both choose the queue; give one of them.");
        }
        else if (IsGiven(batch) && (IsGiven(queue) || IsGiven(shardingKey) || IsGiven(delay)))
        {
            result.AddError("the messages of a --batch go to any queue at once: it does not go with --queue, --sharding-key or --delay-level.");
        }

        bool IsGiven(Option option) => result.GetResult(option) is { Implicit: false };
    }
}
