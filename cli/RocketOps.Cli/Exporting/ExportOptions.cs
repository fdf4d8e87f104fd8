using RocketOps.Cli.Arguments;

namespace RocketOps.Cli.Exporting;

/// <summary>Options of an export: its objects and their form.</summary>
internal sealed record ExportOptions
{
    /// <summary>The brokers' cluster; null when the name servers know one only.</summary>
    public string? Cluster { get; init; }

    /// <summary>The BrokerCluster to refer to; null for one that is called as the brokers' cluster.</summary>
    public ClusterRef? ClusterRef { get; init; }

    /// <summary>Namespace of the objects; null to leave it out.</summary>
    public string? Namespace { get; init; }

    /// <summary>Patterns of topics with <c>*</c> and <c>?</c>.</summary>
    public IReadOnlyList<string> Topics { get; init; } = [];

    /// <summary>Patterns of groups.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Watch only.</summary>
    public bool Observe { get; init; }

    /// <summary>True when topics are exported: without patterns topics and groups are, with patterns of one kind only that kind.</summary>
    public bool WantsTopics => Topics.Count > 0 || Groups.Count == 0;

    public bool WantsGroups => Groups.Count > 0 || Topics.Count == 0;

    public bool WantsTopic(string name) => WantsTopics && NamePatterns.IsMeant(Topics, name);

    public bool WantsGroup(string name) => WantsGroups && NamePatterns.IsMeant(Groups, name);
}
