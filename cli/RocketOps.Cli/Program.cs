using System.CommandLine;
using System.Net.Sockets;
using RocketOps.Cli.Clusters;
using RocketOps.Cli.Messages;
using RocketOps.Cli.Store;
using RocketOps.Cli.Topics;
using RocketOps.Cli.Up;
using RocketOps.Client;

namespace RocketOps.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        RootCommand root = new("RocketOps: a message broker for RocketMQ's protocols, its operator and its tools.")
        {
            UpCommand.Create(),
            TopicCommand.Create(),
            ClusterCommand.Create(),
            MessageCommand.Create(),
            StoreCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        InvocationConfiguration settings = new()
        {
            EnableDefaultExceptionHandler = false,

            // Commands that have something to put in order handle Ctrl-C and SIGTERM themselves; the default would cut them off after two seconds.
            ProcessTerminationTimeout = null,
        };
        try
        {
            int result = await parsed.InvokeAsync(settings);
            return parsed.Errors.Count > 0 ? ExitCodes.WrongUsage : result;
        }
        catch (Exception failure) when (failure is CommandFailedException or RocketMqException or IOException or InvalidDataException or HttpRequestException or SocketException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"rocketops: {failure.Message}");
            return ExitCodes.Failed;
        }
    }
}
