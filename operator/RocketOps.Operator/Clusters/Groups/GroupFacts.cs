namespace RocketOps.Operator.Clusters.Groups;

/// <summary>What groups that elect their master have found for themselves, and the addresses their Services were given.</summary>
/// <param name="Leases">By group; empty for fixed roles.</param>
/// <param name="Addresses">Cluster addresses by Service.</param>
internal sealed record GroupFacts(IReadOnlyDictionary<string, GroupLease> Leases, IReadOnlyDictionary<string, string> Addresses)
{
    public static readonly GroupFacts None = new(new Dictionary<string, GroupLease>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
}
