namespace RocketOps.Testing.Servers;

/// <summary>What a test wants different about the servers it starts.</summary>
public sealed record ServerOptions
{
    /// <summary>Further broker properties by RocketMQ's names; they win over the fixture's own.</summary>
    public IReadOnlyDictionary<string, string> Broker { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Environment variables of the broker's process, beside those of the tests. Ours only.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>The address of a name server that runs already, instead of one of this server's own.</summary>
    public string? NameServerAddress { get; init; }

    /// <summary>
    /// A broker that starts again reads the configuration file as the one before has left it, instead of a new one. Ours only.
    /// </summary>
    public bool KeepsConfiguration { get; init; }

    /// <summary>A store directory to open instead of a new, empty one.</summary>
    public string? StoreDirectory { get; init; }
}
