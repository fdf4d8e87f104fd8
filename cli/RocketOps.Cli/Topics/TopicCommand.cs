using System.CommandLine;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Topics;

/// <summary><c>rocketops topic</c>: topics on the brokers themselves.</summary>
internal static class TopicCommand
{
    public static Command Create(Shell shell) => new("topic", "List, describe, create, alter and delete topics")
    {
        TopicListCommand.Create(shell),
        TopicDescribeCommand.Create(shell),
        TopicCreateCommand.Create(shell),
        TopicAlterCommand.Create(shell),
        TopicDeleteCommand.Create(shell),
    };
}
