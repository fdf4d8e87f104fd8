using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Says how a restart of outdated pods goes on, or what it waits for and what to do.</summary>
internal static class RollWords
{
    private const string Begin = "Brokers restart one at a time";

    public static Problem Describe(ClusterFindings findings)
    {
        RollPlan roll = findings.Operations.Roll;
        ScaleInPlan leaving = findings.Operations.ScaleIn;
        return roll.Why switch
        {
            RollWait.Leaving => Rolling($"; {PodWords.WithTrouble(roll.WaitsFor!, findings)}, and the next one goes when another pod serves in its place"),
            RollWait.Absent when findings.Refused.Brokers.ContainsKey(roll.WaitsFor!.Pod) => Rolling($"; waiting for {PodWords.WithTrouble(roll.WaitsFor, findings)}"),
            RollWait.Absent => Rolling($"; waiting for {roll.WaitsFor!.Pod}, which StatefulSet {roll.WaitsFor.Group} has yet to make, or which was made a moment ago"),
            RollWait.Returning => Rolling($"; waiting for {roll.WaitsFor!.Pod} to come back as the master of {roll.WaitsFor.Group}: {PodTrouble.Describe(findings.Observation.Pod(roll.WaitsFor.Pod))}"),
            RollWait.Serving => Rolling($"; waiting for {PodWords.WithTrouble(roll.WaitsFor!, findings)}"),
            RollWait.Registration => Rolling($"; waiting for {roll.WaitsFor!.Pod} to register with every name server"),
            RollWait.MasterPause => Rolling($"; clients get time to find {roll.WaitsFor!.Pod} again before the next master goes"),
            RollWait.SilentNameServer => Rolling(", and none goes while a name server does not answer the operator: clients could not learn where it has gone"),
            RollWait.ReplacedNameServers => Rolling(", once the name servers have been replaced"),
            RollWait.Unobserved when roll.WaitsFor is { } unobserved => Rolling($"; waiting for StatefulSet {unobserved.Group} to be taken up: which of its pods are outdated is known then"),
            RollWait.Removal => Rolling($", and none does while {leaving.Pod} leaves {leaving.Group}"),
            RollWait.Held => new Problem(roll.Hold!.Reason, $"Brokers are outdated, and none restarts for now: {roll.Hold.Message}"),
            RollWait.Master => new Problem(Reasons.MasterMissing, $"{Begin}, and none of {roll.WaitsFor!.Group} goes before somebody leads it: {roll.WaitsFor.Pod} does not renew its Lease."),
            RollWait.Sync => new Problem(
                Reasons.WaitingForSync,
                $"{Begin}; the next one of {roll.WaitsFor!.Group} goes when {roll.WaitsFor.Pod} has everything{(findings.Groups.Any(group => group.Name == roll.WaitsFor.Group && group.IsElected) ? " that was acknowledged" : " that its master has: fewer copies than replication.minInSync would be left")}. {Straggler(roll.WaitsFor, findings)}"),
            RollWait.LastCopy => new Problem(
                Reasons.LastCopy,
                $"{Begin}, and no member of {roll.WaitsFor!.Group} that serves has everything that was acknowledged. {roll.WaitsFor.Pod} has it, and gets time to come by itself before it restarts with what is asked for now ({PodWords.WithTrouble(roll.WaitsFor, findings)})."),
            RollWait.HandOver when findings.Operations.HandOverFails => new Problem(
                Reasons.HandOverFailing,
                $"{HandOver(roll)}, and was asked several times in vain. The logs of both say why; it is asked again, less and less often, and restarts when it has handed over."),
            RollWait.HandOver => new Problem(Reasons.HandingOver, $"{HandOver(roll)}."),
            RollWait.Budget => new Problem(
                Reasons.BudgetBlocks,
                $"{Begin}, and {(roll.Budgets is { } budgets ? $"the disruption budget {budgets}" : "a disruption budget")} does not let {roll.WaitsFor!.Pod} go: other pods that it counts are away, or it lets none go. Bring those back, or change or delete a budget that is not the operator's."),
            RollWait.SeveralBudgets => new Problem(
                Reasons.BudgetBlocks,
                $"{Begin}, and {roll.WaitsFor!.Pod} cannot be evicted: a disruption budget counts it beside the operator's own, {roll.WaitsFor.Group}, and Kubernetes evicts no pod that several count, when its node is drained neither. Delete or narrow the other one."),
            _ => Rolling(": slaves first, masters last"),
        };
    }

    /// <summary>The last pod of the group that goes first is up to date, and it is not known yet whether it serves.</summary>
    public static Problem First(ClusterContext context, ClusterFindings findings)
    {
        ObservedMember[] tried =
        [
            .. findings.Groups.Where(group => context.Revisions.Groups.GetValueOrDefault(group.Name) is { Choice: RevisionChoice.Give } && context.Notes.Of(group.Set).IsTried).SelectMany(static group => group.Members),
        ];
        return Array.Find(tried, static member => !member.Settled) is { } starting ? Rolling($"; waiting for {PodWords.WithTrouble(starting, findings)}")
            : tried is [{ } member, ..] ? Rolling($"; {member.Group} is the first to get what has changed, and the others when one of its pods serves with it")
            : Rolling(": slaves first, masters last");
    }

    /// <summary>Pods of the group are outdated, or its last one that was is not back yet.</summary>
    public static bool IsUnderWay(GroupAction action, RollPlan roll) => roll.InProgress && (action.Outdated > 0 || (IsAway(roll) && roll.WaitsFor?.Group == action.Group));

    /// <summary>The step that the restart of one group is in.</summary>
    public static (OperationPhase Phase, string Message) Step(GroupAction action, ClusterFindings findings)
    {
        RollPlan roll = findings.Operations.Roll;
        if (findings.Pause is { Restarts: true })
        {
            return (OperationPhase.Waiting, $"Pods of {action.Group} are outdated; they restart when restarts are not paused any more.");
        }

        if (findings.Groups.Any(group => group.Name == action.Group && group.IsTroubled))
        {
            return (OperationPhase.Waiting, $"Pods of {action.Group} are outdated; they restart when what Ready says of the group is set right.");
        }

        bool isNext = roll.WaitsFor is { } member && roll.Why is not (RollWait.MasterPause or RollWait.Unobserved) ? member.Group == action.Group : roll.Why != RollWait.None;
        return action.Step switch
        {
            GroupStep.HandOver => (OperationPhase.HandingOver, Describe(findings).Message),
            GroupStep.Restart or GroupStep.Evict => (OperationPhase.Restarting, $"{action.Member!.Pod} restarts."),
            _ when isNext => (IsAway(roll) ? OperationPhase.Restarting : OperationPhase.Waiting, Describe(findings).Message),
            _ => (OperationPhase.Waiting, $"Pods of {action.Group} are outdated; they restart in their turn."),
        };
    }

    /// <summary>A pod is on its way back.</summary>
    private static bool IsAway(RollPlan roll) => roll.Why is RollWait.Leaving or RollWait.Absent or RollWait.Returning or RollWait.Serving or RollWait.Registration;

    private static Problem Rolling(string how) => new(Reasons.RollingUpdate, $"{Begin}{how}.");

    private static string HandOver(RollPlan roll) =>
        $"{Begin}: {roll.HandOver?.Member?.Pod ?? roll.WaitsFor!.Pod} hands {roll.WaitsFor!.Group} over{(roll.HandOver?.HandOverTo is { } successor ? $" to {successor.Pod}" : "")} before it restarts";

    /// <summary>A member that is up to date has been restarted for it, and is on its way back.</summary>
    private static string Straggler(ObservedMember member, ClusterFindings findings) =>
        findings.Members.FirstOrDefault(other => other.Pod == member.Pod)?.Says.NotFollowing is { } why
            ? $"It does not copy its master's log: {why.TrimEnd('.')}."
        : member is { Live.Outdated: false, Settled: true } ? "It has been made again and catches up by itself, or its log says why not."
        : "It comes by itself, or its log says why not.";
}
