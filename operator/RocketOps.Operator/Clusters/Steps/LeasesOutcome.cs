using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Leases of groups that elect their master, as a pass knows them.</summary>
/// <param name="Leases">By group; empty for fixed roles. What could not be read is there as it was known before.</param>
/// <param name="Unreadable">Groups whose Lease the server did not say, and why.</param>
/// <param name="Foreign">Groups whose Lease is somebody else's, and whose.</param>
/// <param name="Unadopted">One could not be made the cluster's; null when all could.</param>
internal sealed record LeasesOutcome(IReadOnlyDictionary<string, GroupLease> Leases, IReadOnlyDictionary<string, Problem> Unreadable, IReadOnlyDictionary<string, Problem> Foreign, Problem? Unadopted)
{
    public static readonly LeasesOutcome None = new(GroupObservation.None.Leases, new Dictionary<string, Problem>(), new Dictionary<string, Problem>(), null);

    /// <summary>Problem that a person has to solve; null when there is none. Of several groups the first is told.</summary>
    public Problem? Told => First(Foreign.Where(static group => group.Value.Reason == Reasons.ResourceConflict));

    /// <summary>Problem of a Lease that is to go by itself first; null when there is none.</summary>
    public Problem? Leftover => First(Foreign.Where(static group => group.Value.Reason != Reasons.ResourceConflict));

    /// <summary>The server did not say what some of them are now, so that nothing may be done that follows from who leads; null when it did.</summary>
    public Problem? Unread => First(Unreadable);

    private static Problem? First(IEnumerable<KeyValuePair<string, Problem>> groups) => groups.OrderBy(static group => group.Key, StringComparer.Ordinal).Select(static group => group.Value).FirstOrDefault();
}
