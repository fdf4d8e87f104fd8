using System.CommandLine;
using System.Text;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Output;

/// <summary>Asks before something cannot be taken back: at a terminal a person says yes, a script says --yes.</summary>
internal static class Confirmation
{
    public static Option<bool> Yes() => new("--yes", "-y") { Description = "Do not ask" };

    /// <summary>Returns when it may be done; throws <see cref="CommandFailedException"/> otherwise.</summary>
    public static async Task AskAsync(Shell shell, bool isConfirmed, string question, CancellationToken cancellation)
    {
        if (isConfirmed)
        {
            return;
        }

        if (!shell.IsInputTerminal)
        {
            throw new CommandFailedException($"{question} There is no terminal to ask at: give --yes to do it.");
        }

        await shell.Error.WriteAsync($"{question} [y/N] ");
        await shell.Error.FlushAsync(cancellation);
        using StreamReader input = new(shell.Input, Encoding.UTF8, leaveOpen: true);
        string? answer = (await input.ReadLineAsync(cancellation).AsTask().WaitAsync(cancellation))?.Trim();
        if (answer is null || !(answer.Equals("y", StringComparison.OrdinalIgnoreCase) || answer.Equals("yes", StringComparison.OrdinalIgnoreCase)))
        {
            throw new CommandFailedException("Nothing was changed.");
        }
    }
}
