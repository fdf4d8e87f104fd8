using System.CommandLine;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Messages;

/// <summary><c>rocketops message</c>: single messages.</summary>
internal static class MessageCommand
{
    public static Command Create(Shell shell) => new("message", "Find single messages") { MessageGetCommand.Create(shell) };
}
