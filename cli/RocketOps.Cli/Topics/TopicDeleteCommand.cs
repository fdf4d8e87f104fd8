using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Topics;

/// <summary><c>rocketops topic delete</c>: removes topics with their messages.</summary>
internal static class TopicDeleteCommand
{
    private static readonly CompositeFormat Instead = CompositeFormat.Parse("kubectl delete topic.rocketops.io {0} (its deletionPolicy says what becomes of the messages)");

    public static Command Create(Shell shell)
    {
        NamesArgument names = NamesArgument.Topics();
        Option<string?> cluster = TopicOptions.Cluster();
        Option<bool> yes = Confirmation.Yes();
        Option<bool> force = TopicGuard.Force();
        Option<string> output = Changes.Option();
        return new DocumentedCommand(
            "delete",
            $"Delete topics from every broker and name server, with their messages; when one of them cannot be, none is. {TopicOptions.ObjectsNote}",
            "rocketops topic delete orders",
            "rocketops topic delete orders payments --yes")
        {
            names, cluster, yes, force, output,
        }.RunsOnCluster(shell, (connection, parsed, cancellation) => Changes.RunAsync(shell, parsed.GetRequiredValue(output), async changes =>
        {
            string[] topics = [.. parsed.GetRequiredValue(names).Distinct(StringComparer.Ordinal)];
            long messages = 0;
            IReadOnlyList<BrokerData> masters = [];
            foreach (string topic in topics)
            {
                // Brokers and name servers say yes to the removal of what is not there; a mistyped name must not look like a deletion.
                await connection.RouteAsync(topic, cancellation);
                masters = await connection.MastersAsync(parsed.GetValue(cluster), cancellation);
                await TopicGuard.CheckAsync(shell, topic, masters, parsed.GetValue(force), "make it again, empty", Instead, cancellation);
                messages += (await TopicOnBrokers.FindAsync(connection, topic, cancellation)).Messages ?? 0;
            }

            string what = topics.Length == 1 ? $"topic {topics[0]} with its" : $"{topics.Length} topics ({string.Join(", ", topics)}) with their";
            await Confirmation.AskAsync(shell, parsed.GetValue(yes), $"Delete {what} {CountText.Of(messages, "message")}? What is deleted cannot be brought back.", cancellation);
            foreach (string topic in topics)
            {
                foreach (BrokerData broker in masters)
                {
                    await connection.Admin.DeleteTopicOnBrokerAsync(broker.MasterAddress!, topic, cancellation);
                    await changes.DoneAsync($"{topic}: deleted on {broker.BrokerName}", new JsonObject { ["topic"] = topic, ["broker"] = broker.BrokerName, ["done"] = "deleted" });
                }

                await connection.Admin.DeleteTopicOnNameServersAsync(topic, parsed.GetValue(cluster), cancellation);
            }

            return ExitCodes.Success;
        }));
    }
}
