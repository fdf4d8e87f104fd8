using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Leadership;

/// <summary>Facts that groups which elect their master have found for themselves, and the addresses their Services were given.</summary>
/// <param name="Leases">By group; empty for fixed roles.</param>
/// <param name="Addresses">Cluster addresses by Service.</param>
/// <param name="Unread">Groups whose Lease could not be read in this pass, and why. What is known of it is from before.</param>
internal sealed record GroupObservation(
    IReadOnlyDictionary<string, GroupLease> Leases,
    IReadOnlyDictionary<string, string> Addresses,
    IReadOnlyDictionary<string, Problem> Unread)
{
    public static readonly GroupObservation None = new(
        new Dictionary<string, GroupLease>(StringComparer.Ordinal),
        new Dictionary<string, string>(StringComparer.Ordinal),
        new Dictionary<string, Problem>(StringComparer.Ordinal));
}
