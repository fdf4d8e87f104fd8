using RocketOps.Cli.Running;

namespace RocketOps.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        using StopSignals signals = new();
        return await new CommandRunner(Shell.OfThisProcess()).RunAsync(args, signals.Token);
    }
}
