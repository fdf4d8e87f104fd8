using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Writes the set of a group. How many members that of a group that elects its master has follows from the set that was seen, so it is written only while that is what is there (refused as a conflict otherwise): neither a cache
/// that lags behind nor a former leader's last write takes away a member that has come since.
/// </summary>
internal static class GroupSets
{
    public static async Task<StatefulSet> ApplyAsync(ServerSideApplier applier, ClusterContext context, StatefulSet desired, StatefulSet seen, CancellationToken cancellationToken) =>
        (context.IsAutomatic ? await applier.ApplyUnchangedAsync(desired, seen, cancellationToken) : await applier.ApplyAsync(desired, seen, cancellationToken)).Object;
}
