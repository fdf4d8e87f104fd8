using System.CommandLine;
using System.Text.Json.Nodes;
using RocketOps.Cli.Clusters;
using RocketOps.Cli.Messages;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Topics;
using RocketOps.Client;

namespace RocketOps.Cli.Groups;

/// <summary><c>rocketops group reset</c>: lets a group that is offline go on elsewhere.</summary>
internal static class GroupResetCommand
{
    public static Command Create(Shell shell)
    {
        NameArgument name = NameArgument.Group();
        NameOption topic = NameOption.Topic("Topic to move in");
        topic.Required = true;
        Option<string> to = new Option<string>("--to") { Description = $"Where to go on: {StartPoint.Grammar}", HelpName = "WHERE", Required = true }
            .CheckedBy(text => StartPoint.Parse(text, shell.Time) is null ? $"\"{text}\" is none of {StartPoint.Grammar}." : null);
        Option<bool> dryRun = new("--dry-run") { Description = "Show what would be done, and end" };
        Option<bool> yes = Confirmation.Yes();
        Option<string?> clusterName = TopicOptions.Cluster();
        Option<string> output = Changes.Option();
        return new DocumentedCommand(
            "reset",
            "Let a consumer group go on at another place of a topic, after showing which; its members have to be stopped",
            "rocketops group reset billing --topic orders --to beginning",
            "rocketops group reset billing --topic orders --to 2026-11-20T18:00 --dry-run",
            "rocketops group reset billing --topic orders --to -100 --yes     the last hundred of every queue again")
        {
            name, topic, to, dryRun, yes, clusterName, output,
        }.RunsOnCluster(shell, (cluster, parsed, cancellation) => Changes.RunAsync(shell, parsed.GetRequiredValue(output), async changes =>
        {
            string group = parsed.GetRequiredValue(name);
            List<GroupResetStep> steps = await PlanAsync(
                cluster, group, parsed.GetValue(topic)!, parsed.GetValue(clusterName), StartPoint.Parse(parsed.GetRequiredValue(to), shell.Time)!, cancellation);
            Listing plan = new("topic", "broker", "queue", "committed", "next", "maxOffset");
            foreach (GroupResetStep step in steps)
            {
                plan.Add(step.Queue.Topic, step.Queue.BrokerName, step.Queue.QueueId, step.From, step.To, step.Max);
            }

            await plan.WriteAsync(OutputFormat.Table, shell, changes.Plan);
            if (!parsed.GetValue(dryRun))
            {
                await Confirmation.AskAsync(shell, parsed.GetValue(yes), $"Let group {group} go on at NEXT?", cancellation);
                foreach (GroupResetStep step in steps)
                {
                    await cluster.Admin.SetConsumerOffsetAsync(step.Address, group, step.Queue, step.To, cancellation);
                    await changes.DoneAsync(null, new JsonObject
                    {
                        ["group"] = group,
                        ["topic"] = step.Queue.Topic,
                        ["broker"] = step.Queue.BrokerName,
                        ["queue"] = step.Queue.QueueId,
                        ["done"] = "moved",
                        ["from"] = step.From,
                        ["to"] = step.To,
                    });
                }

                await changes.SummariseAsync($"{group}: moved in {Quantity.Of(steps.Count, "queue")}");
            }

            return ExitCodes.Success;
        }));
    }

    private static async Task<List<GroupResetStep>> PlanAsync(ClusterConnection cluster, string name, string topic, string? clusterName, StartPoint to, CancellationToken cancellation)
    {
        TopicRoute route = await cluster.RouteAsync(topic, cancellation);
        GroupOnBrokers group = await GroupOnBrokers.FindAsync(cluster, name, clusterName, cancellation);
        if (group.Members.Count > 0)
        {
            // A member keeps its own position and commits it over whatever is set here.
            throw new CommandFailedException($"group {name} has {Quantity.Of(group.Members.Count, "member")} online ({string.Join(", ", group.Members.Select(static member => member.ClientId))}). Stop them first: they would commit over the new offsets.");
        }

        List<GroupResetStep> steps = [];
        foreach ((BrokerData broker, _) in group.Brokers)
        {
            QueueData? data = route.Queues.FirstOrDefault(queue => queue.BrokerName == broker.BrokerName);
            for (int id = 0; id < (data?.ReadQueues ?? 0); id++)
            {
                MessageQueue queue = new(topic, broker.BrokerName, id);
                string address = broker.MasterAddress!;
                long max = await cluster.Reader.GetMaxOffsetAsync(address, queue, cancellation);
                long target = Math.Min(max, await to.ResolveAsync(cluster.Reader, address, queue, cancellation));
                steps.Add(new GroupResetStep(address, queue, group.Queues.TryGetValue(queue, out ConsumerQueueOffsets? offsets) ? offsets.ConsumerOffset : null, target, max));
            }
        }

        return steps.Count > 0 ? steps : throw new CommandFailedException($"topic {topic} has no queue on a broker that knows group {name}.");
    }
}
