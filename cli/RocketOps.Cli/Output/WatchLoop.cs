using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Output;

/// <summary>Shows a listing again and again: in place at a terminal, one below the other otherwise. A cluster that does not answer for a while is what people watch for, so it does not end.</summary>
internal sealed class WatchLoop(Shell shell, TimeSpan pause)
{
    private const string ToTop = "\u001b[H\u001b[J";

    /// <summary>Runs until cancelled.</summary>
    public async Task<int> RunAsync(Func<Task<(IPresentation Found, int Code)>> make, OutputFormat format, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            // Written in one piece: nothing flickers.
            await using StringWriter frame = new() { NewLine = "\n" };
            try
            {
                (IPresentation found, _) = await make();
                await found.WriteAsync(format, shell with { Error = frame }, frame);
            }
            catch (Exception failure) when (failure is RocketMqException or CommandFailedException)
            {
                await frame.WriteLineAsync(Failures.Describe(failure));
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                break;
            }

            await shell.Output.WriteAsync((shell.IsOutputTerminal ? ToTop : string.Empty) + frame);
            await shell.Output.FlushAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Delay(pause, shell.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return ExitCodes.Success;
    }
}
