using System.CommandLine;
using System.Text.Json.Nodes;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Messages;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Groups.DeadLetters;

/// <summary><c>rocketops group dlq list</c>.</summary>
internal static class DeadLetterListCommand
{
    private const int UsualCount = 100;

    public static Command Create(Shell shell)
    {
        NameArgument group = NameArgument.Group();
        Option<string?> from = DeadLetterCommand.From(shell);
        Option<int> count = new Option<int>("--count", "-c") { Description = "At most so many of every broker", HelpName = "N", DefaultValueFactory = _ => UsualCount }.Within(1, DeadLetterCommand.MostLetters);
        return new DocumentedCommand(
            "list",
            "Messages that a consumer group has given up, the oldest first: where they came from, and after how many deliveries",
            "rocketops group dlq list billing",
            "rocketops group dlq list billing --from 2h -o json")
        {
            group, from, count,
        }.ListsCluster(shell, async (cluster, parsed, cancellation) =>
        {
            string name = parsed.GetRequiredValue(group);
            Listing listing = new("died", "topic", "messageId", "deliveries", "tag", "keys", Column.Wide("broker"), Column.Wide("queue"), Column.Wide("offset"), Column.Wide("born"), Column.Wide("body"))
            {
                Empty = $"group {name} has no dead letters",
            };
            foreach (DeadLetter letter in await new DeadLetterQueue(shell, cluster, name).ReadAsync(DeadLetterCommand.Parse(parsed.GetValue(from), shell), parsed.GetValue(count), cancellation))
            {
                JsonObject message = MessageJson.ToObject(letter.Message);
                listing.Add(
                    (string?)message["storeTime"],
                    letter.Origin,
                    letter.Message.MessageId,
                    letter.Message.ReconsumeTimes,
                    letter.Message.Tag,
                    letter.Message.Keys,
                    letter.Message.Queue.BrokerName,
                    letter.Message.Queue.QueueId,
                    letter.Message.QueueOffset,
                    (string?)message["bornTime"],
                    (string?)(message["body"] ?? message["base64"]));
            }

            return listing;
        });
    }
}
