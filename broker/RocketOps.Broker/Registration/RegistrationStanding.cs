namespace RocketOps.Broker.Registration;

/// <summary>
/// Tells whether a name server of <c>namesrvAddr</c> has known this broker since the start, and since the key was changed last. Name servers
/// that are away later do not count: clients that have the routes go on. Thread-safe.
/// </summary>
/// <param name="configured">Name servers that are configured now.</param>
internal sealed class RegistrationStanding(Func<IReadOnlyList<string>> configured)
{
    private volatile string? _knownBy;
    private volatile string? _problem;

    /// <summary>One of these name servers knows this broker.</summary>
    public void Registered(IReadOnlyList<string> nameServers)
    {
        _knownBy = Join(nameServers);
        _problem = null;
    }

    /// <summary>A registration has failed.</summary>
    /// <param name="problem">The name server and what went wrong.</param>
    public void Missed(string problem) => _problem = problem;

    /// <summary>Finds the reason why no name server knows this broker, with the last failure; null when one does, or none is configured.</summary>
    public string? FindReasonUnknown()
    {
        IReadOnlyList<string> nameServers = configured();
        string list = Join(nameServers);
        return nameServers.Count == 0 || list == _knownBy
            ? null
            : $"no name server of namesrvAddr={list} knows this broker{(_problem is { } problem ? $"; {problem}" : string.Empty)}";
    }

    private static string Join(IReadOnlyList<string> nameServers) => string.Join(';', nameServers);
}
