using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>What a pass knows of the Leases of groups that elect their master.</summary>
/// <param name="Leases">By group; empty for fixed roles.</param>
/// <param name="Unread">The server did not say what some of them are now, so that nothing may be done that follows from who leads; null when it did.</param>
/// <param name="Foreign">Groups whose Lease is somebody else's, and whose.</param>
/// <param name="Unadopted">One could not be made the cluster's; null when all could.</param>
internal sealed record LeasesOutcome(IReadOnlyDictionary<string, GroupLease> Leases, Problem? Unread, IReadOnlyDictionary<string, Problem> Foreign, Problem? Unadopted)
{
    public static readonly LeasesOutcome None = new(GroupFacts.None.Leases, null, new Dictionary<string, Problem>(), null);

    /// <summary>What a person has to change; null when nothing has to be. Of several groups the first is told.</summary>
    public Problem? Told => Foreign.OrderBy(static group => group.Key, StringComparer.Ordinal).Select(static group => group.Value).FirstOrDefault();
}
