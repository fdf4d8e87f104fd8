using System.CommandLine;
using System.Text.Json.Nodes;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Store;

namespace RocketOps.Cli.Groups.DeadLetters;

/// <summary><c>rocketops group dlq resend</c>: lets a group have its dead letters again. Those that it was sent again already are left out, so it can be run as often as needed.</summary>
internal static class DeadLetterResendCommand
{
    public static Command Create(Shell shell)
    {
        NameArgument group = NameArgument.Group();
        Argument<string[]> ids = new("ID") { Description = "Only these, by their ids as \"group dlq list\" shows them", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> from = DeadLetterCommand.From(shell);
        Option<bool> toOrigin = new("--to-topic") { Description = "To the topics they came from, where every group that reads them gets them, instead of to this group alone" };
        Option<bool> again = new("--again") { Description = "Also those that were sent again since they died" };
        Option<bool> yes = Confirmation.Yes();
        Option<string> output = Changes.Option();
        return new DocumentedCommand(
            "resend",
            "Send the dead letters of a consumer group to it again, as new messages of its retry topic; they stay among the dead letters too",
            "rocketops group dlq resend billing",
            "rocketops group dlq resend billing C0A8006400002A9F0000000000000000 --yes",
            "rocketops group dlq resend billing --from 2h --to-topic")
        {
            group, ids, from, toOrigin, again, yes, output,
        }.RunsOnCluster(shell, (cluster, parsed, cancellation) => Changes.RunAsync(shell, parsed.GetRequiredValue(output), async changes =>
        {
            string name = parsed.GetRequiredValue(group);
            DeadLetterQueue queue = new(shell, cluster, name);
            IReadOnlyList<DeadLetter> letters = Chosen(
                await queue.ReadAsync(DeadLetterCommand.Parse(parsed.GetValue(from), shell), DeadLetterCommand.MostLetters, cancellation), parsed.GetValue(ids) ?? [], name);
            if (letters.Count == 0)
            {
                await shell.Error.WriteLineAsync($"group {name} has no dead letters");
                return ExitCodes.Success;
            }

            bool origin = parsed.GetValue(toOrigin);
            string where = origin ? string.Join(", ", letters.Select(static letter => letter.Origin).OfType<string>().Distinct(StringComparer.Ordinal)) : $"group {name}";
            await Confirmation.AskAsync(shell, parsed.GetValue(yes), $"Send {CountText.Of(letters.Count, "message")} again to {where}?", cancellation);
            return await SendAsync(shell, cluster, queue, letters, origin, parsed.GetValue(again), changes, cancellation);
        }));
    }

    private static IReadOnlyList<DeadLetter> Chosen(IReadOnlyList<DeadLetter> letters, string[] ids, string group)
    {
        HashSet<string> known = [.. letters.Select(static letter => letter.Message.MessageId)];
        return ids.FirstOrDefault(id => !known.Contains(id)) is { } missing
            ? throw new CommandFailedException($"group {group} has no dead letter {missing}.{NearestWord.Hint(missing, known)}")
            : [.. letters.Where(letter => ids.Length == 0 || ids.Contains(letter.Message.MessageId, StringComparer.Ordinal))];
    }

    private static async Task<int> SendAsync(
        Shell shell, ClusterConnection cluster, DeadLetterQueue queue, IReadOnlyList<DeadLetter> letters, bool toOrigin, bool again, Changes changes, CancellationToken cancellation)
    {
        (int present, int lost) = (0, 0);
        foreach (IGrouping<string, DeadLetter> broker in letters.GroupBy(static letter => letter.Message.Queue.BrokerName, StringComparer.Ordinal))
        {
            // Where it died it is known what the group's retries are.
            await using Resender resender = new(cluster, toOrigin ? null : broker.Key, shell);
            foreach (DeadLetter letter in broker)
            {
                string id = letter.Message.MessageId;
                if (letter.Target(toOrigin) is not { } topic)
                {
                    lost++;
                    await shell.Error.WriteLineAsync($"{id} does not say which topic it comes from: it can be sent to its group alone, without --to-topic");
                }
                else if (!again && await queue.WasSentAsync(letter, topic, cancellation))
                {
                    present++;
                }
                else if (await resender.SendAsync(letter.ToSend(topic), evenIfThere: true, cancellation) == ResendOutcome.Sent)
                {
                    await changes.DoneAsync(
                        $"{id} of {letter.Origin ?? letter.Message.Queue.Topic}: sent to {topic}",
                        new JsonObject { ["group"] = letter.Group, ["messageId"] = id, ["origin"] = letter.Origin, ["topic"] = topic, ["broker"] = broker.Key, ["done"] = "sent" });
                }
                else
                {
                    lost++;
                    await shell.Error.WriteLineAsync($"{id}: no broker takes messages of {topic}{(toOrigin ? string.Empty : ", which the group's first member makes; --to-topic needs none")}");
                }
            }
        }

        if (present > 0)
        {
            await shell.Error.WriteLineAsync($"{CountText.Of(present, "message")} had been sent again already; --again sends them once more");
        }

        return lost == 0 ? ExitCodes.Success : ExitCodes.Failed;
    }
}
