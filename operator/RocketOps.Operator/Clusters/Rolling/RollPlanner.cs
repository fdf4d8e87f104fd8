using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>
/// Decides which pod of a cluster is restarted next. At most one pod of the whole cluster is away at a time: broken outdated pods first, since they serve nobody and the new
/// template may be the repair, and a master whose pod is not ready although it takes messages hands over before others go; then slaves; masters last. No pod, not even a broken one, is moved to a template with which another does not serve: a bad template stops at
/// the first pod it breaks, and a master that ends meanwhile starts again with what it had. Nothing healthy goes while clients could not learn where it has gone: while a name
/// server is silent, while they are replaced, and while one does not know every broker. After one master the next waits until clients have found the first again: they
/// ask for routes every 30 s, and with all masters elsewhere at once they would reach none until then. Groups that elect their master: <see cref="HandOverRules"/>; others: <see cref="CopyRules"/>.
/// </summary>
internal static class RollPlanner
{
    /// <param name="groups">The wanted groups.</param>
    /// <param name="nameServers">Whether the name servers answer.</param>
    /// <param name="now">By the clock that wrote <see cref="MemberPod.ReadySince"/>.</param>
    /// <param name="masterPause">How long a master has to have served before that of another group goes.</param>
    /// <param name="copies">How many members have to have a message of a group with fixed roles.</param>
    public static RollPlan Next(IReadOnlyList<ObservedGroup> groups, NameServerState nameServers, DateTimeOffset now, TimeSpan masterPause, int copies = 1)
    {
        // A group whose objects are refused waits alone; what of it is away is away all the same. Where its set was never made nothing is.
        ObservedMember[] members = [.. groups.Where(static group => group is not { IsTroubled: true, Set: null }).SelectMany(static group => group.Members)];
        ObservedMember[] outdated = [.. Ordered(groups.Where(static group => !group.IsTroubled).SelectMany(static group => group.Outdated))];
        if (outdated.Length == 0)
        {
            return Plan(groups);
        }

        if (Array.Find(members, static member => member.Live.Terminating) is { } terminating)
        {
            return Wait(groups, RollWait.Leaving, terminating);
        }

        // A pod of the current template that does not serve, or cannot be made, tells nothing good of what the next one would become.
        if (Ordered(members.Where(static member => !member.Live.Outdated && !member.Settled)).FirstOrDefault() is { } unproven)
        {
            RollWait why = unproven.Live.Uid is null ? RollWait.Absent
                : unproven.Role == BrokerMemberRole.Master ? RollWait.Returning
                : RollWait.Serving;
            return Wait(groups, why, unproven);
        }

        ObservedMember[] broken = [.. outdated.Where(static member => member is { Live.Ready: false, TakesMessages: false })];
        if (broken.Length > 0)
        {
            return Array.Find(broken, member => !HandOverRules.IsLeftAlone(GroupOf(groups, member), member)) is { } repaired ? Plan(groups, repaired) : Wait(groups, RollWait.LastCopy, broken[0]);
        }

        if (nameServers != NameServerState.Answering)
        {
            return Wait(groups, nameServers == NameServerState.Silent ? RollWait.SilentNameServer : RollWait.ReplacedNameServers);
        }

        // A pod that is the only one not known may have a configuration that keeps it from registering: its restart may be the repair.
        ObservedMember[] unknown = [.. Ordered(members.Where(static member => member.Registered == false))];
        if (unknown is not [] and not [{ Live.Outdated: true }])
        {
            return Wait(groups, RollWait.Registration, Array.Find(unknown, static member => !member.Live.Outdated) ?? unknown[0]);
        }

        // A master that takes messages although its pod is not ready, as where its probes come too late: others would wait for it, and what is asked for may be the repair. Whoever does not follow is nobody's copy, and its
        // restart may be the repair too.
        ObservedMember next = unknown is [{ } single] ? single
            : Array.Find(outdated, static member => !member.Live.Ready)
            ?? Array.Find(outdated, static member => member.Says.Follows == false)
            ?? outdated[0];
        ObservedGroup group = GroupOf(groups, next);
        if (HandOverRules.Lost(group) is { } lost)
        {
            return Wait(groups, RollWait.Master, lost);
        }

        if ((HandOverRules.WaitsFor(group, next) ?? CopyRules.WaitsFor(group, next, copies)) is { } behind)
        {
            return Wait(groups, RollWait.Sync, behind);
        }

        if (HandOverRules.Successor(group, next) is { } successor)
        {
            return Plan(groups, next, successor) with { Why = RollWait.HandOver, WaitsFor = next };
        }

        ObservedMember? newcomer = next.Role == BrokerMemberRole.Master
            ? Ordered(members.Where(member =>
                member.Role == BrokerMemberRole.Master && member != next && now - member.Live.ReadySince < masterPause)).FirstOrDefault()
            : null;
        return newcomer is null ? Plan(groups, next) : Wait(groups, RollWait.MasterPause, newcomer);
    }

    private static ObservedGroup GroupOf(IReadOnlyList<ObservedGroup> groups, ObservedMember member) => groups.First(candidate => candidate.Name == member.Group);

    private static RollPlan Wait(IReadOnlyList<ObservedGroup> groups, RollWait why, ObservedMember? waitsFor = null) => Plan(groups, waitsFor: waitsFor) with { Why = why, WaitsFor = waitsFor };

    private static RollPlan Plan(IReadOnlyList<ObservedGroup> groups, ObservedMember? restart = null, ObservedMember? successor = null, ObservedMember? waitsFor = null) => new(
        [.. groups.Select(group =>
        {
            int outdated = group.Outdated.Count();
            return outdated == 0 ? new GroupAction(group.Name, GroupStep.None, 0, null)
                : restart?.Group == group.Name && successor is not null ? new GroupAction(group.Name, GroupStep.HandOver, outdated, restart, successor)
                : restart?.Group == group.Name ? new GroupAction(group.Name, StepOf(restart), outdated, restart)
                : new GroupAction(group.Name, GroupStep.Wait, outdated, restart ?? waitsFor);
        })],
        RollWait.None,
        null);

    /// <summary>Slaves before masters; inside a role by group and ordinal, so that repeated passes choose alike.</summary>
    private static GroupStep StepOf(ObservedMember restart) =>
        restart.Live.Ready || restart.TakesMessages ? GroupStep.Evict : GroupStep.Restart;

    private static IEnumerable<ObservedMember> Ordered(IEnumerable<ObservedMember> members) => members
        .OrderBy(static member => member.Role == BrokerMemberRole.Slave ? 0 : 1)
        .ThenBy(static member => member.Group, StringComparer.Ordinal)
        .ThenBy(static member => member.Ordinal);
}
