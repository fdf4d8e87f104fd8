using System.CommandLine;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Messages;

/// <summary><c>rocketops message</c>: single messages.</summary>
internal static class MessageCommand
{
    public static Command Create(Shell shell) => new("message", "Find single messages, and what became of them") { MessageGetCommand.Create(shell), MessageTraceCommand.Create(shell) };
}
