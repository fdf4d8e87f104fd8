using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Messages;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Topics;
using RocketOps.Client;

namespace RocketOps.Cli.Groups;

/// <summary><c>rocketops group reset</c>: lets a group go on elsewhere.</summary>
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
            "Let a consumer group go on at another place of a topic, after showing which; members that are online are told",
            "rocketops group reset billing --topic orders --to beginning",
            "rocketops group reset billing --topic orders --to 2026-11-20T18:00 --dry-run",
            "rocketops group reset billing --topic orders --to 1h            also while its members run",
            "rocketops group reset billing --topic orders --to -100 --yes     the last hundred of every queue again")
        {
            name, topic, to, dryRun, yes, clusterName, output,
        }.RunsOnCluster(shell, (cluster, parsed, cancellation) => Changes.RunAsync(shell, parsed.GetRequiredValue(output), async changes =>
        {
            GroupResetPlan plan = await GroupResetPlan.MakeAsync(
                cluster, parsed.GetRequiredValue(name), parsed.GetValue(topic)!, parsed.GetValue(clusterName), StartPoint.Parse(parsed.GetRequiredValue(to), shell.Time)!, cancellation);
            Listing listing = new("topic", "broker", "queue", "committed", "next", "maxOffset");
            foreach (GroupResetStep step in plan.Steps)
            {
                listing.Add(step.Queue.Topic, step.Queue.BrokerName, step.Queue.QueueId, step.From, step.To, step.Max);
            }

            await listing.WriteAsync(OutputFormat.Table, shell, changes.Plan);
            if (!parsed.GetValue(dryRun))
            {
                string group = plan.Group.Name;
                await Confirmation.AskAsync(
                    shell,
                    parsed.GetValue(yes),
                    plan.IsRunning ? $"Let group {group} go on at NEXT? Its {plan.Members} online will be told; what they are working on may be handled again." : $"Let group {group} go on at NEXT?",
                    cancellation);
                IReadOnlyList<MessageQueue> untold = await plan.DoAsync(cluster, changes, cancellation);
                int moved = plan.Steps.Count - untold.Count;
                await changes.SummariseAsync($"{group}: moved in {CountText.Of(moved, "queue")}{(plan.IsRunning && moved > 0 ? $"; {plan.Members} told" : string.Empty)}");
                if (untold.Count > 0)
                {
                    throw new CommandFailedException(
                        $"brokers have not told the members of {string.Join(", ", untold.Select(static queue => $"{queue.BrokerName}/{queue.QueueId}"))}: there group {group} goes on where it is. Stop its members and reset it again.");
                }
            }

            return ExitCodes.Success;
        }));
    }
}
