using RocketOps.Cli.Running;

namespace RocketOps.Cli.Contexts;

/// <summary>Which name servers a command means that was given none: those of <c>NAMESRV_ADDR</c>, else of the current context, else of the cluster that <c>rocketops up</c> runs, else RocketMQ's usual address.</summary>
internal static class DefaultNameServers
{
    public const string Usual = "127.0.0.1:9876";

    /// <summary>
    /// Finds the name servers that a command of this user takes now when it is given none; null where it has to be given some.
    /// </summary>
    public static string? OfThisUser()
    {
        try
        {
            return Choose(Environment.GetEnvironmentVariable("NAMESRV_ADDR"), ContextFile.OfThisUser(), static () => UpInstance.FindAll(UpInstance.StateFolder())).Address;
        }
        catch (Exception unreadable) when (unreadable is CommandFailedException or IOException or UnauthorizedAccessException)
        {
            // Contexts that cannot be read: the commands themselves say so, unless they are told.
            return null;
        }
    }

    /// <summary>The address, or a sentence that says why there is no single answer.</summary>
    /// <param name="environment">Value of <c>NAMESRV_ADDR</c>.</param>
    /// <param name="contexts">What the user has named.</param>
    /// <param name="running">What runs; asked for where nothing else decides.</param>
    public static (string? Address, string? Problem) Choose(string? environment, ContextFile contexts, Func<IReadOnlyList<UpInstance>> running)
    {
        if (!string.IsNullOrEmpty(environment))
        {
            return (environment, null);
        }

        if (contexts.Current is { } current)
        {
            return (contexts.Of(current), null);
        }

        List<(string Cluster, string Address, string Data)> clusters = [.. running().SelectMany(up => up.Clusters.Select(cluster => (cluster.Cluster, cluster.Address, up.DataDirectory)))];
        return clusters switch
        {
            [] => (Usual, null),
            [var only] => (only.Address, null),
            _ => (null, $"Several clusters run here, choose one with -n: {string.Join("; ", clusters.Select(cluster => $"-n {cluster.Address} is {cluster.Cluster} of {cluster.Data}"))}."),
        };
    }
}
