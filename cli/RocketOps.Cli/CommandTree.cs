using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using RocketOps.Cli.Benching;
using RocketOps.Cli.Brokers;
using RocketOps.Cli.Clusters;
using RocketOps.Cli.Completion;
using RocketOps.Cli.Contexts;
using RocketOps.Cli.Groups;
using RocketOps.Cli.Messages;
using RocketOps.Cli.Running;
using RocketOps.Cli.Store;
using RocketOps.Cli.Topics;
using RocketOps.Cli.Up;

namespace RocketOps.Cli;

/// <summary>All commands, in the order a newcomer needs them.</summary>
internal static class CommandTree
{
    public static Command Create(Shell shell)
    {
        // Not a RootCommand: that one is called by the name of the running file, which in a test is another.
        Command root = new("rocketops", "RocketOps: a message broker for RocketMQ's protocols, its operator and its tools.")
        {
            UpCommand.Create(shell),
            ProduceCommand.Create(shell),
            ConsumeCommand.Create(shell),
            MessageCommand.Create(shell),
            TopicCommand.Create(shell),
            GroupCommand.Create(shell),
            ClusterCommand.Create(shell),
            BrokerCommand.Create(shell),
            BenchCommand.Create(shell),
            StoreCommand.Create(shell),
            ContextCommand.Create(shell),
            CompletionCommand.Create(shell),
            CompletionCommand.Answering(shell, () => Create(shell)),
        };
        root.Add(new HelpOption { Action = new HelpWithExamples() });
        root.Add(new VersionOption { Action = new VersionText() });
        return root;
    }

    /// <summary>The words that lead to a command: <c>rocketops topic list</c>.</summary>
    public static string PathOf(CommandResult command) => command.Parent is CommandResult parent ? $"{PathOf(parent)} {command.Command.Name}" : "rocketops";
}
