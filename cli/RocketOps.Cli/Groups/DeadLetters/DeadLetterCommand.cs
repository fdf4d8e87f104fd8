using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Messages;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Groups.DeadLetters;

/// <summary><c>rocketops group dlq</c>: messages that a consumer group has given up.</summary>
internal static class DeadLetterCommand
{
    /// <summary>Most letters read of each broker; a group has one queue of dead letters on each.</summary>
    public const int MostLetters = 10_000;

    public static Command Create(Shell shell) => new("dlq", "List the dead letters of a consumer group, and send them to it again")
    {
        DeadLetterListCommand.Create(shell),
        DeadLetterResendCommand.Create(shell),
    };

    public static Option<string?> From(Shell shell) => new Option<string?>("--from", "-f") { Description = $"Only those stored from there on: {StartPoint.Grammar}", HelpName = "WHERE" }
        .CheckedBy(text => StartPoint.Parse(text, shell.Time) is null ? $"\"{text}\" is none of {StartPoint.Grammar}." : null);

    public static StartPoint Parse(string? from, Shell shell) => from is null ? StartPoint.Beginning : StartPoint.Parse(from, shell.Time)!;
}
