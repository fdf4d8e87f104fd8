using System.CommandLine;
using System.CommandLine.Parsing;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary><c>rocketops consume</c>: shows messages, by itself or as a member of a group.</summary>
internal static class ConsumeCommand
{
    public static Command Create(Shell shell)
    {
        NamesArgument topics = NamesArgument.TopicsToRead();
        NameOption group = NameOption.Group("Join this consumer group and commit; without it all messages are shown and none is taken away from any group");
        Option<string?> from = new Option<string?>("--from", "-f") { Description = $"Where to begin (default: beginning): {StartPoint.Grammar}. A group goes on where it was", HelpName = "WHERE" }
            .CheckedBy(text => StartPoint.Parse(text, shell.Time) is null ? $"\"{text}\" is none of {StartPoint.Grammar}." : null);
        Option<string?> to = new Option<string?>("--to") { Description = $"End when everything stored before this has been read, instead of waiting for more: {StartPoint.TimeGrammar}", HelpName = "WHEN" }
            .CheckedBy(text => StartPoint.FindTimeProblem(text, shell.Time));
        Option<long?> count = new Option<long?>("--count", "-c") { Description = "End after so many messages, of all topics together", HelpName = "N" }.Within(1, long.MaxValue);
        Option<bool> exit = new("--exit", "-e") { Description = "End when everything that is there now has been read, instead of waiting for more" };
        Option<string> tags = new Option<string>("--tags", "-t") { Description = "Only messages with these tags, for example \"a || b\"", HelpName = "TAGS", DefaultValueFactory = _ => "*" }.CheckedBy(TagProblem);
        Option<string?> sql = new Option<string?>("--sql") { Description = "Only messages whose properties fulfil this, for example \"price > 10 AND region = 'eu'\"", HelpName = "EXPR" }.CheckedBy(SqlProblem);
        Option<string?> queue = new("--queue", "-q") { Description = "Only this queue: BROKER/ID, or ID of every broker", HelpName = "QUEUE" };
        Option<string> output = Choice.Of("--output", "-o", "How a message is written", "FORMAT", "text", "text", "json", "body");
        Option<string?> template = new Option<string?>("--template") { Description = $"A line of your own for every message: {MessageTemplate.Grammar}", HelpName = "TEXT" }.CheckedBy(TemplateProblem);
        Command command = new DocumentedCommand(
            "consume",
            "Show messages of one or several topics and wait for more; Ctrl-C ends",
            "rocketops consume orders                       everything, then what comes",
            "rocketops consume orders --from end            only what comes",
            "rocketops consume orders --from -10 --exit     the last ten of every queue",
            "rocketops consume orders --from 2h -o json     since two hours ago, as JSON lines",
            "rocketops consume orders --from 2h --to 1h     the hour before the last one",
            "rocketops consume orders payments              of both topics, each message with its topic",
            "rocketops consume 'orders-*' --exit            of all topics called so",
            "rocketops consume orders --sql \"price > 10\"    what has a property price above 10",
            "rocketops consume orders -g billing -c 1       one message as a member of a group",
            "rocketops consume orders --template '{offset} {property.region} {body}'")
        {
            topics, group, from, to, count, exit, tags, sql, queue, output, template,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(sql) is not null && result.GetResult(tags) is { Implicit: false })
            {
                result.AddError("--tags and --sql exclude each other; a condition names the tag as TAGS, for example \"TAGS = 'paid' AND price > 10\".");
            }

            if (Time(result.GetResult(from)) is { } begin && Time(result.GetResult(to)) is { } end && end <= begin)
            {
                result.AddError("--to is not after --from: nothing lies between them.");
            }

            if (result.GetResult(group) is { Implicit: false })
            {
                if (result.GetResult(to) is { Implicit: false })
                {
                    result.AddError("a group goes on to the end: --to goes without --group.");
                }

                if (result.GetResult(queue) is { Implicit: false })
                {
                    result.AddError("a group shares its queues out by itself: --queue goes without --group.");
                }
                else if (result.GetResult(from) is { Tokens: [{ } token] } && StartPoint.Parse(token.Value, shell.Time) is { Time: null } given && given != StartPoint.Beginning && given != StartPoint.End)
                {
                    result.AddError("a group that is new begins at beginning, end or a time; \"rocketops group reset\" moves one to an offset.");
                }
            }
        });
        return command.RunsOnCluster(shell, async (cluster, parsed, cancellation) =>
        {
            DateTimeOffset? before = parsed.GetValue(to) is { } given ? StartPoint.Parse(given, shell.Time)!.Time : null;
            ConsumeOptions options = new()
            {
                Topics = await TopicsAsync(cluster, parsed.GetRequiredValue(topics), cancellation),
                Group = parsed.GetValue(group),
                From = StartPoint.Parse(parsed.GetValue(from) ?? "beginning", shell.Time)!,
                Expression = parsed.GetValue(sql) is { } condition ? SubscriptionExpression.Sql(condition) : SubscriptionExpression.Tags(parsed.GetValue(tags)),
                Queue = parsed.GetValue(queue),
                Count = parsed.GetValue(count),
                Exit = parsed.GetValue(exit) || before is not null,

                // Brokers keep and look for times in milliseconds.
                To = before is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds()) : null,
            };
            MessagePrinter printer = new(
                shell, Enum.Parse<MessageFormat>(parsed.GetValue(output)!, ignoreCase: true), parsed.GetValue(template) is { } text ? MessageTemplate.Parse(text) : null)
            {
                NamesTopics = options.Topics.Count > 1,
            };

            // A topic that is mistyped would be waited for without an end.
            foreach (string topic in options.Topics)
            {
                await cluster.RouteAsync(topic, cancellation);
            }

            if (!options.Exit && shell.IsErrorTerminal)
            {
                await shell.Error.WriteLineAsync($"Messages of {string.Join(", ", options.Topics)}{(options.Group is null ? string.Empty : $" for group {options.Group}")}; Ctrl-C ends.");
            }

            return await new FollowedOutput(shell).RunAsync(
                end => options.Group is null ? new TopicReader(shell, cluster, options, printer).RunAsync(end) : new ConsumerGroupReader(shell, cluster, options, printer).RunAsync(end), cancellation);
        });

        DateTimeOffset? Time(OptionResult? option) => option is { Tokens: [{ } token] } ? StartPoint.Parse(token.Value, shell.Time)?.Time : null;
    }

    /// <summary>Patterns mean the topics that are there now, in the order of their names.</summary>
    private static async Task<IReadOnlyList<string>> TopicsAsync(ClusterConnection cluster, string[] named, CancellationToken cancellation)
    {
        string[] known = named.Any(NamePatterns.IsPattern) ? [.. (await cluster.UserTopicsAsync(cancellation)).Order(StringComparer.Ordinal)] : [];
        List<string> topics = [];
        foreach (string name in named)
        {
            string[] meant = NamePatterns.IsPattern(name) ? [.. known.Where(topic => NamePatterns.IsMeant([name], topic))] : [name];
            topics.AddRange(meant.Length > 0 ? meant : throw CommandFailedException.Missing($"no topic is called {name}."));
        }

        return [.. topics.Distinct(StringComparer.Ordinal)];
    }

    private static string? TagProblem(string expression)
    {
        try
        {
            SubscriptionExpression.Tags(expression);
            return null;
        }
        catch (ArgumentException)
        {
            return $"\"{expression}\" leaves a tag empty; write * for all, or \"a || b\".";
        }
    }

    private static string? SqlProblem(string expression) => string.IsNullOrWhiteSpace(expression) ? "an empty condition matches nothing; leave --sql away for all messages." : null;

    private static string? TemplateProblem(string text)
    {
        try
        {
            MessageTemplate.Parse(text);
            return null;
        }
        catch (FormatException malformed)
        {
            return malformed.Message;
        }
    }
}
