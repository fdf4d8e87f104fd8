using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Work that has to come before a cluster is ready: what is under way, is waited for or is at fault, most telling first.</summary>
internal static class PendingWork
{
    /// <summary>Returns the work that is still to come; null when all is done.</summary>
    public static Problem? Find(ClusterContext context, ClusterFindings findings) => UnderWay(context, findings) ?? Wrong(context, findings) ?? Late(findings);

    /// <summary>Returns the work that somebody keeps from being done, or that the operator does in several steps.</summary>
    private static Problem? UnderWay(ClusterContext context, ClusterFindings findings)
    {
        if (findings.Pending is { } pending)
        {
            return pending;
        }

        if (findings.Paused && context.Cluster.Status?.ObservedGeneration != context.Cluster.Metadata.Generation)
        {
            return new Problem(Reasons.Paused, $"What is asked for waits {findings.Pause!.End()}. Remove the annotation to go on.");
        }

        if (findings.Paused && (findings.Groups.Any(static group => group.Outdated.Any()) || context.Cluster.Status?.Operations is [_, ..]))
        {
            return new Problem(Reasons.Paused, $"What was begun waits {findings.Pause!.End()}. Remove the annotation to go on.");
        }

        ClusterOperations found = findings.Operations;
        if (found.Drains is [{ } drain, ..])
        {
            return new Problem(Reasons.Draining, drain.Message);
        }

        if (found.ScaleIn.InProgress)
        {
            return new Problem(Reasons.ScalingIn, OperationList.Describe(found.ScaleIn));
        }

        if (found.ScaleOuts is [{ } scaleOut, ..])
        {
            return new Problem(Reasons.ScalingOut, scaleOut.Message);
        }

        if (found.Growths is [{ } growth, ..])
        {
            return new Problem(Reasons.Growing, growth.Message);
        }

        bool waits = !findings.Paused && findings.Groups.All(static group => group.Observed) && context.Revisions.Waits(context.Notes, findings.Observation.Sets);
        if ((found.Roll.InProgress || waits) && findings.Pause is { Restarts: true } restarts)
        {
            return new Problem(Reasons.Paused, $"Brokers are outdated, and none restarts {restarts.End()}.");
        }

        return found.Roll.InProgress ? RollWords.Describe(findings)
            : waits ? RollWords.First(context, findings)
            : null;
    }

    /// <summary>Returns the problem of what does not serve as it should.</summary>
    private static Problem? Wrong(ClusterContext context, ClusterFindings findings)
    {
        ObservedMember[] waiting = findings.Members.Where(static member => !member.Settled).ToArray();
        if (waiting.Length > 0)
        {
            return Unready(context, findings, waiting);
        }

        // Whoever does not lead is not registered as a master either.
        IReadOnlyList<Problem> leaderless = GroupFaults.Of(findings.Groups.Where(static group => group.Leaderless is not null));
        if (leaderless.Count > 0)
        {
            return Problem.Join(leaderless);
        }

        if (!findings.Groups.All(static group => group.Observed))
        {
            return new Problem(Reasons.PodsStarting, "Waiting for the brokers' StatefulSets to be taken up.");
        }

        if (!findings.Observation.NameServersSettled(context.Spec.NameServer.Replicas))
        {
            return NameServerWords.Unsettled(findings.Observation);
        }

        if (!findings.Registrations.Complete)
        {
            return NameServerWords.Silent(context, findings.Registrations);
        }

        string[] unregistered = findings.Members.Where(static member => member.Registered == false).Select(static member => member.Pod).ToArray();
        return unregistered.Length > 0
            ? new Problem(Reasons.WaitingForRegistration, $"Waiting for {PodWords.List(unregistered)} to register with every name server.")
            : Problem.Join(GroupFaults.Of(findings.Groups));
    }

    /// <summary>Returns the problem of what serves, and lacks something all the same.</summary>
    private static Problem? Late(ClusterFindings findings) =>
        findings.Operations.Openings is [{ } opening, ..] ? new Problem(Reasons.Opening, opening.Message)
        : findings.Unapplied ?? Replication.NotFollowing(findings.Groups);

    /// <summary>Members that are not ready: on their way, or no longer. The groups that take no messages are named first.</summary>
    private static Problem Unready(ClusterContext context, ClusterFindings findings, ObservedMember[] waiting)
    {
        return Degradation.IsOf(context, findings, waiting, NameServerWords.Failing(findings.Observation))
            ? Problem.Join(UnreadyPods.Of(findings, findings.Groups, waiting))!
            : new Problem(Reasons.PodsStarting, PodWords.WithTrouble(waiting, findings) + ".");
    }
}
