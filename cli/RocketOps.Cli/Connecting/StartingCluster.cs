using RocketOps.Cli.Contexts;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Connecting;

/// <summary>Message of a command that finds nobody, or not what it was asked for, because the cluster it means is still starting.</summary>
internal static class StartingCluster
{
    /// <summary>Returns what to say instead of a failure; null when the failure has another reason, or no run starts there.</summary>
    public static string? Explain(Exception failure, string nameServers, Func<IReadOnlyList<UpInstance>> running) => failure switch
    {
        CommandFailedException { IsMissing: true } => Explain(failure.Message, nameServers, running),
        NameServersUnreachableException => Explain($"no name server answers at {nameServers}: {Failures.Reason(failure)}", nameServers, running),
        RocketMqException { ResponseCode: null } => Explain(failure.Message, nameServers, running),
        _ => null,
    };

    /// <summary>The same of a listing that has nothing to show.</summary>
    public static string? Explain(Listing found, string nameServers, Func<IReadOnlyList<UpInstance>> running) =>
        found.Count == 0 ? Explain(found.Empty, nameServers, running) : null;

    private static string? Explain(string reason, string nameServers, Func<IReadOnlyList<UpInstance>> running) =>
        running().FirstOrDefault(up => up.IsStarting && IsMeant(up, nameServers)) is { } starting
            ? $"the cluster of {starting.DataDirectory} is starting, try again when it is ready ({reason.TrimEnd('.')})."
            : null;

    /// <summary>One whose address is not known yet is the one that is meant where nobody said which.</summary>
    private static bool IsMeant(UpInstance up, string nameServers) =>
        up.Clusters.Count == 0 ? nameServers == DefaultNameServers.Usual : up.Clusters.Any(cluster => cluster.Address == nameServers);
}
