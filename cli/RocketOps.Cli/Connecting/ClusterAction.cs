using System.CommandLine;
using RocketOps.Cli.Contexts;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Connecting;

/// <summary>Commands that talk to a cluster.</summary>
internal static class ClusterAction
{
    /// <summary>Adds the option for the name servers, and what the command does.</summary>
    public static T RunsOnCluster<T>(this T command, Shell shell, Func<ClusterConnection, ParseResult, CancellationToken, Task<int>> run)
        where T : Command
    {
        Option<string> nameServers = CommonOptions.NameServers();
        command.Add(nameServers);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using ClusterConnection cluster = new(parsed.GetValue(nameServers)!, shell);
            try
            {
                return await run(cluster, parsed, cancellation);
            }
            catch (Exception failure) when (StartingCluster.Explain(failure, cluster.NameServers, Running) is { } explained)
            {
                throw new CommandFailedException(explained, failure);
            }
        });
        return command;
    }

    /// <summary>The same for a command that shows a listing, with the options for it.</summary>
    public static T ListsCluster<T, TFound>(this T command, Shell shell, Func<ClusterConnection, ParseResult, CancellationToken, Task<TFound>> make)
        where T : Command
        where TFound : IPresentation =>
        command.ListsCluster(shell, async (cluster, parsed, cancellation) => (await make(cluster, parsed, cancellation), ExitCodes.Success));

    /// <summary>The same for a listing that can say that something is wrong.</summary>
    public static T ListsCluster<T>(this T command, Shell shell, Func<ClusterConnection, ParseResult, CancellationToken, Task<(IPresentation Found, int Code)>> make)
        where T : Command
    {
        ListingOptions listing = new(command);
        return command.RunsOnCluster(shell, (cluster, parsed, cancellation) => listing.ShowAsync(shell, parsed, () => FindAsync(cluster, parsed, cancellation), cancellation));

        async Task<(IPresentation Found, int Code)> FindAsync(ClusterConnection cluster, ParseResult parsed, CancellationToken cancellation)
        {
            (IPresentation found, int code) = await make(cluster, parsed, cancellation);
            return found is Listing rows && StartingCluster.Explain(rows, cluster.NameServers, Running) is { } explained ? throw new CommandFailedException(explained) : (found, code);
        }
    }

    private static IReadOnlyList<UpInstance> Running() => UpInstance.FindAll(UpInstance.StateFolder());
}
