using System.CommandLine;
using System.Text;
using RocketOps.Cli.Clusters;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Topics;

/// <summary><c>rocketops topic delete</c>: removes a topic with its messages.</summary>
internal static class TopicDeleteCommand
{
    private static readonly CompositeFormat Instead = CompositeFormat.Parse("kubectl delete topic.rocketops.io {0} (its deletionPolicy says what becomes of the messages)");

    public static Command Create(Shell shell)
    {
        NameArgument name = NameArgument.Topic();
        Option<string?> cluster = TopicOptions.Cluster();
        Option<bool> yes = Confirmation.Yes();
        Option<bool> force = TopicOwnership.Force();
        return new DocumentedCommand("delete", $"Delete a topic from every broker and name server, with its messages. {TopicOptions.ObjectsNote}", "rocketops topic delete orders", "rocketops topic delete orders --yes") { name, cluster, yes, force }
            .RunsOnCluster(shell, async (connection, parsed, cancellation) =>
            {
                string topic = parsed.GetRequiredValue(name);

                // Brokers and name servers say yes to the removal of what is not there; a mistyped name must not look like a deletion.
                await connection.RouteAsync(topic, cancellation);
                IReadOnlyList<BrokerData> masters = await connection.MastersAsync(parsed.GetValue(cluster), cancellation);
                await TopicOwnership.CheckAsync(shell, topic, masters, parsed.GetValue(force), "make it again, empty", Instead, cancellation);
                TopicOnBrokers found = await TopicOnBrokers.FindAsync(connection, topic, cancellation);
                await Confirmation.AskAsync(shell, parsed.GetValue(yes), $"Delete topic {topic} with its {Quantity.Of(found.Messages ?? 0, "message")}? What is deleted cannot be brought back.", cancellation);
                foreach (BrokerData broker in masters)
                {
                    await connection.Admin.DeleteTopicOnBrokerAsync(broker.MasterAddress!, topic, cancellation);
                    await shell.Output.WriteLineAsync($"{topic}: deleted on {broker.BrokerName}");
                }

                await connection.Admin.DeleteTopicOnNameServersAsync(topic, parsed.GetValue(cluster), cancellation);
                return ExitCodes.Success;
            });
    }
}
