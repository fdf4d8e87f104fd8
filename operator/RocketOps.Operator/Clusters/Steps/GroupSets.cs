using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Writes the set of a group. Much of it follows from the set that was seen, its number of members first of all, so it is written only while that is what is there (refused as a conflict otherwise): neither a cache that lags
/// behind nor a former leader's last write takes away a member that has come since, or brings back one that was let go.
/// </summary>
internal static class GroupSets
{
    public static async Task<StatefulSet> ApplyAsync(ServerSideApplier applier, StatefulSet desired, StatefulSet seen, CancellationToken cancellationToken) =>
        (await applier.ApplyAsync(desired, seen, cancellationToken)).Object;
}
