namespace RocketOps.Cli.Up;

/// <summary>One row below a cluster: a member, or a group of them folded.</summary>
internal sealed record MemberLine(string Name, string Role, string State, string Address, bool IsWell, BrokerFigures? Figures)
{
    public bool IsGroup { get; init; }

    /// <summary>Since the pod was made, as kubectl shows it; empty for a group.</summary>
    public string Age { get; init; } = "";

    /// <summary>The one that the row is of; null for a group.</summary>
    public MemberView? Member { get; init; }
}
