using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>
/// The last restarts as the status lists them. The status holds which pod each member had and what had changed since that was made; a pass that finds another pod lists it and notes the new pod in the same write,
/// so a restart is listed once, whichever operator made it and whenever that one ended. <c>RollStep</c> waits with a restart until the status holds why.
/// </summary>
internal static class RestartList
{
    /// <param name="last">The status as it was read; null while there is none.</param>
    /// <param name="observation">The pods.</param>
    /// <param name="groups">The groups as the next status has them.</param>
    /// <returns>The newest first; null while there was none.</returns>
    public static List<RestartStatus>? Build(BrokerClusterStatus? last, ClusterObservation observation, IReadOnlyList<BrokerGroupStatus> groups)
    {
        List<RestartStatus> known = last?.Restarts ?? [];
        List<RestartStatus> found =
        [
            .. groups.SelectMany(static group => group.Members ?? []).Select(member => Find(Before(last, member.Name), member, observation.Pod(member.Name)?.Metadata.CreationTimestamp, known)).OfType<RestartStatus>()
                .OrderByDescending(static restart => restart.Time).ThenBy(static restart => restart.Pod, StringComparer.Ordinal),
        ];
        return found.Count + known.Count == 0 ? null : [.. found.Concat(known).Take(BrokerClusterStatus.MaxRestarts)];
    }

    /// <summary>The member as a status has it; null when it does not.</summary>
    public static BrokerMemberStatus? Before(BrokerClusterStatus? status, string pod) =>
        status?.Groups?.SelectMany(static group => group.Members ?? []).FirstOrDefault(member => member.Name == pod);

    private static RestartStatus? Find(BrokerMemberStatus? before, BrokerMemberStatus member, DateTimeOffset? made, List<RestartStatus> known)
    {
        if (before?.PodUid is null || before.PodUid == member.PodUid || made is null)
        {
            return null;
        }

        // A cache that lags behind the status shows the pod before once more.
        return known.Find(restart => restart.Pod == member.Name)?.Time > made ? null : new RestartStatus
        {
            Pod = member.Name,
            Time = made,
            Reason = before.OutdatedBy is null ? RestartReason.Replaced : RestartReason.Outdated,
            Changed = before.OutdatedBy,
        };
    }
}
