using System.CommandLine;
using System.Text.Json.Nodes;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Topics;
using RocketOps.Client;
using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Groups;

/// <summary><c>rocketops group delete</c>: removes a group with its offsets.</summary>
internal static class GroupDeleteCommand
{
    public static Command Create(Shell shell)
    {
        NameArgument name = NameArgument.Group();
        Option<bool> keep = new("--keep-offsets") { Description = "A group of this name that comes again goes on where this one was" };
        Option<bool> force = new("--force") { Description = "Even while members are online, which make it anew with their next heartbeat" };
        Option<bool> yes = Confirmation.Yes();
        Option<string?> clusterName = TopicOptions.Cluster();
        Option<string> output = Changes.Option();
        return new DocumentedCommand(
            "delete",
            "Delete a consumer group with its offsets and its retry topic; dead letters stay",
            "rocketops group delete billing",
            "rocketops group delete billing --yes --keep-offsets")
        {
            name, keep, force, yes, clusterName, output,
        }.RunsOnCluster(shell, (cluster, parsed, cancellation) => Changes.RunAsync(shell, parsed.GetRequiredValue(output), async changes =>
        {
            GroupOnBrokers group = await GroupOnBrokers.FindAsync(cluster, parsed.GetRequiredValue(name), parsed.GetValue(clusterName), cancellation);
            if (group.Members.Count > 0 && !parsed.GetValue(force))
            {
                throw new CommandFailedException($"group {group.Name} has {CountText.Of(group.Members.Count, "member")} online. Stop them first, or give --force.");
            }

            bool keepsOffsets = parsed.GetValue(keep);
            await Confirmation.AskAsync(
                shell, parsed.GetValue(yes), $"Delete group {group.Name}{(keepsOffsets ? string.Empty : $" with its offsets; {CountText.Of(group.Lag, "message")} {(group.Lag == 1 ? "waits" : "wait")} for it")}?", cancellation);
            string retry = TopicNames.RetryTopicOf(group.Name);
            foreach ((BrokerData broker, _) in group.Brokers)
            {
                await cluster.Admin.DeleteSubscriptionGroupAsync(broker.MasterAddress!, group.Name, !keepsOffsets, cancellation);
                if (!keepsOffsets)
                {
                    await cluster.Admin.DeleteTopicOnBrokerAsync(broker.MasterAddress!, retry, cancellation);
                }

                await changes.DoneAsync(
                    $"{group.Name}: deleted on {broker.BrokerName}",
                    new JsonObject { ["group"] = group.Name, ["broker"] = broker.BrokerName, ["done"] = "deleted", ["offsets"] = keepsOffsets ? "kept" : "deleted" });
            }

            if (!keepsOffsets)
            {
                await cluster.Admin.DeleteTopicOnNameServersAsync(retry, parsed.GetValue(clusterName), cancellation);
            }

            return ExitCodes.Success;
        }));
    }
}
