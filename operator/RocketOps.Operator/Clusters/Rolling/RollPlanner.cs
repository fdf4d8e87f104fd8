using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>
/// Decides which pod of a cluster is restarted next. At most one pod of the whole cluster is away at a time:
/// broken outdated pods first, since they serve nobody and the new template may be the repair; then slaves; masters last. While any
/// pod is away for another reason nothing healthy is touched, so a bad template stops at the first pod it breaks. After one master the next waits until clients
/// have found the first again: they ask for routes every 30 s, and with all masters elsewhere at once they would reach none until then.
/// </summary>
internal static class RollPlanner
{
    /// <param name="members">The wanted members of all groups.</param>
    /// <param name="now">By the clock that wrote <see cref="MemberState.ReadySince"/>.</param>
    /// <param name="masterPause">How long a master has to have served before that of another group goes.</param>
    public static RollDecision Next(IReadOnlyCollection<MemberState> members, DateTimeOffset now, TimeSpan masterPause)
    {
        MemberState[] outdated = members.Where(static member => member.Outdated && member.Uid is not null).ToArray();
        if (outdated.Length == 0)
        {
            return new RollDecision(null, 0, null);
        }

        MemberState? terminating = members.FirstOrDefault(static member => member.Terminating);
        if (terminating is not null)
        {
            return new RollDecision(null, outdated.Length, terminating);
        }

        MemberState? broken = Ordered(outdated.Where(static member => !member.Ready)).FirstOrDefault();
        if (broken is not null)
        {
            return new RollDecision(broken, outdated.Length, null);
        }

        // An outdated pod that is not known may have the wrong name servers: its restart may be the repair, in its turn.
        MemberState? unsettled = Ordered(members.Where(static member => !member.Settled || member is { Registered: false, Outdated: false })).FirstOrDefault();
        if (unsettled is not null)
        {
            return new RollDecision(null, outdated.Length, unsettled);
        }

        MemberState next = Ordered(outdated).First();
        MemberState? newcomer = next.Role == BrokerMemberRole.Master
            ? Ordered(members.Where(member => member.Role == BrokerMemberRole.Master && member != next && now - member.ReadySince < masterPause)).FirstOrDefault()
            : null;
        return new RollDecision(newcomer is null ? next : null, outdated.Length, newcomer);
    }

    /// <summary>Slaves before masters; inside a role by group and ordinal, so that repeated passes choose alike.</summary>
    private static IEnumerable<MemberState> Ordered(IEnumerable<MemberState> members) => members
        .OrderBy(static member => member.Role == BrokerMemberRole.Slave ? 0 : 1)
        .ThenBy(static member => member.Group, StringComparer.Ordinal)
        .ThenBy(static member => member.Ordinal);
}
