using System.CommandLine;
using RocketOps.Cli.Groups.DeadLetters;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Groups;

/// <summary><c>rocketops group</c>: consumer groups and how far they are.</summary>
internal static class GroupCommand
{
    public static Command Create(Shell shell) => new("group", "List, describe, reset and delete consumer groups, and show their lag and dead letters")
    {
        GroupListCommand.Create(shell),
        GroupDescribeCommand.Create(shell),
        GroupLagCommand.Create(shell),
        GroupResetCommand.Create(shell),
        GroupDeleteCommand.Create(shell),
        DeadLetterCommand.Create(shell),
    };
}
