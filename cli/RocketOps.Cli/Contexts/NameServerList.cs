using RocketOps.Hosting.Hosts;

namespace RocketOps.Cli.Contexts;

/// <summary>Name servers as a user writes them: <c>HOST:PORT</c>, several separated by <c>;</c> or <c>,</c>.</summary>
internal static class NameServerList
{
    /// <summary>
    /// Finds the problem of the first entry that can be no address, by the rules that brokers and name servers have; null when there is
    /// none.
    /// Whether a host is there shows when the command connects.
    /// </summary>
    public static string? FindProblem(string addresses) =>
        HostSyntax.FindListProblem(addresses) is { } problem ? $"\"{addresses}\": {problem}. Name servers are {HostSyntax.List}." : null;
}
