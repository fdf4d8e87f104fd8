using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>
/// Decides which pod of a cluster is restarted next. At most one pod of the whole cluster is away at a time:
/// broken outdated pods first, since they serve nobody and the new template may be the repair; then slaves; masters last. While any
/// pod is away for another reason nothing healthy is touched, so a bad template stops at the first pod it breaks.
/// </summary>
internal static class RollPlanner
{
    public static RollDecision Next(IReadOnlyCollection<MemberState> members)
    {
        var outdated = members.Where(static member => member.Outdated && member.Uid is not null).ToArray();
        if (outdated.Length == 0)
        {
            return new RollDecision(null, 0, null);
        }

        var terminating = members.FirstOrDefault(static member => member.Terminating);
        if (terminating is not null)
        {
            return new RollDecision(null, outdated.Length, terminating);
        }

        var broken = Ordered(outdated.Where(static member => !member.Ready)).FirstOrDefault();
        if (broken is not null)
        {
            return new RollDecision(broken, outdated.Length, null);
        }

        var unsettled = Ordered(members.Where(static member => !member.Settled)).FirstOrDefault();
        if (unsettled is not null)
        {
            return new RollDecision(null, outdated.Length, unsettled);
        }

        return new RollDecision(Ordered(outdated).First(), outdated.Length, null);
    }

    /// <summary>Slaves before masters; inside a role by group and ordinal, so that repeated passes choose alike.</summary>
    private static IEnumerable<MemberState> Ordered(IEnumerable<MemberState> members) => members
        .OrderBy(static member => member.Role == BrokerMemberRole.Slave ? 0 : 1)
        .ThenBy(static member => member.Group, StringComparer.Ordinal)
        .ThenBy(static member => member.Ordinal);
}
