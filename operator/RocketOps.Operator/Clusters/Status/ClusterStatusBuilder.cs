using System.Globalization;
using System.Numerics;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>
/// Turns what a pass found into the status a person reads. Messages hold names and states, never counters or times, so that a pass which
/// finds the same writes nothing.
/// </summary>
internal static class ClusterStatusBuilder
{
    // A status is read by people and kept in etcd: of many pods in trouble these are enough to see what is wrong.
    private const int MaxPodsNamed = 5;

    private const long Mebibyte = 1024 * 1024;

    // A broker's own measure of a slave that is not in sync (haMaxGapNotInSync).
    private const long FarBehindBytes = 256 * Mebibyte;

    public static BrokerClusterStatus Build(ClusterContext context, ClusterFindings findings, DateTimeOffset now)
    {
        List<BrokerGroupStatus> groups = findings.Groups.Select(group => Group(group, context.Cluster.Status?.Groups?.Find(last => last.Name == group.Name))).ToList();
        int ready = findings.Members.Count(static member => member.Settled);
        return new BrokerClusterStatus
        {
            ObservedGeneration = Generation(context, findings),
            Version = context.Version,
            Effective = new EffectiveValues { BrokerImage = context.BrokerImage, NameServerImage = context.NameServerImage, StorageSize = context.Groups.Select(context.ClaimSizeOf).Min() },
            NameServers = context.Names.NameServerClientAddress,
            ReadyNameServers = findings.Observation.ReadyNameServers,
            ReadyGroups = groups.Count(static group => group.Ready),
            Brokers = string.Create(CultureInfo.InvariantCulture, $"{ready}/{findings.Members.Count}"),
            Groups = groups,
            Operations = OperationList.Build(context.Cluster.Status?.Operations, findings, now),
            UnmanagedTopics = findings.Unmanaged,
            Restarts = RestartList.Build(context.Cluster.Status, findings.Observation, groups),
            Conditions = BuildConditions(context, findings, groups, now).ToList(),
        };
    }

    private static ConditionList BuildConditions(ClusterContext context, ClusterFindings findings, List<BrokerGroupStatus> groups, DateTimeOffset now)
    {
        ConditionList conditions = new ConditionList(context.Cluster.Status?.Conditions, Generation(context, findings), now);
        conditions.Outcome(findings.Problem ?? Stuck(findings), Pending(context, findings, groups) ?? findings.Changed, "Every name server and every broker serves.");
        Availability(conditions, context, findings, groups);
        Degradation(conditions, context, findings);
        if (context.Spec.Brokers.Replicas > 1)
        {
            Replication(conditions, findings);
            NodeSpread.Add(conditions, Conditions.Find(context.Cluster.Status?.Conditions, ConditionTypes.Spread), findings);
        }

        if (findings.Pause is { } pause)
        {
            conditions.True(ConditionTypes.Paused, pause.Mistake is null ? Reasons.Paused : Reasons.InvalidPause, pause.Describe());
        }

        return conditions;
    }

    /// <summary>Of a paused cluster the generation that was last worked on: whatever is asked for since waits.</summary>
    private static long? Generation(ClusterContext context, ClusterFindings findings) =>
        findings.Paused ? context.Cluster.Status?.ObservedGeneration : context.Cluster.Metadata.Generation;

    /// <summary>A pod of the current template that does not start: no other is moved to it, and nothing goes on before somebody changes it.</summary>
    private static Problem? Stuck(ClusterFindings findings) =>
        findings.Roll.WaitsFor is { Settled: false, Outdated: false } failing && PodTrouble.IsStuck(findings.Observation.Pod(failing.Pod))
            ? new Problem(
                Reasons.RolloutFailing,
                $"The current configuration, image or resources do not start a broker: {Trouble(failing, findings)}. The other pods keep what they have; change what was asked for, or set it back.")
            : null;

    /// <summary>What is still to come, most telling first; null when all is done.</summary>
    private static Problem? Pending(ClusterContext context, ClusterFindings findings, List<BrokerGroupStatus> groups)
    {
        if (findings.Pending is { } pending)
        {
            return pending;
        }

        if (findings.Paused && context.Cluster.Status?.ObservedGeneration != context.Cluster.Metadata.Generation)
        {
            return new Problem(Reasons.Paused, $"What is asked for waits {findings.Pause!.End()}. Remove it to go on.");
        }

        if (findings.Paused && (findings.Groups.Any(static group => group.Outdated.Any()) || context.Cluster.Status?.Operations is [_, ..]))
        {
            return new Problem(Reasons.Paused, $"What was begun waits {findings.Pause!.End()}. Remove it to go on.");
        }

        if (findings.Drains is [{ } drain, ..])
        {
            return new Problem(Reasons.Draining, drain.Message);
        }

        if (findings.ScaleIn.InProgress)
        {
            return new Problem(Reasons.ScalingIn, OperationList.Describe(findings.ScaleIn));
        }

        if (findings.ScaleOuts is [{ } scaleOut, ..])
        {
            return new Problem(Reasons.ScalingOut, scaleOut.Message);
        }

        if (findings.Growths is [{ } growth, ..])
        {
            return new Problem(Reasons.Growing, growth.Message);
        }

        if (findings.Roll.InProgress && findings.Pause is { Restarts: true } restarts)
        {
            return new Problem(Reasons.Paused, $"Brokers are outdated, and none restarts {restarts.End()}.");
        }

        if (findings.Roll.InProgress)
        {
            return new Problem(Reasons.RollingUpdate, findings.Roll.WaitsFor switch
            {
                null when findings.Roll.Restart is null && findings.Roll.NameServers == NameServerState.Silent =>
                    "Brokers restart one at a time, and none goes while a name server does not answer the operator: clients could not learn where it has gone.",
                null when findings.Roll.Restart is null && findings.Roll.NameServers == NameServerState.Replaced => "Brokers restart one at a time, once the name servers have been replaced.",
                null => "Brokers restart one at a time: slaves first, masters last.",
                { Settled: false } unsettled => $"Brokers restart one at a time; waiting for {Trouble(unsettled, findings)}.",
                { Registered: false } unknown => $"Brokers restart one at a time; waiting for {unknown.Pod} to register with every name server.",
                { } newcomer => $"Brokers restart one at a time; clients get time to find {newcomer.Pod} again before the next master goes.",
            });
        }

        MemberState[] waiting = findings.Members.Where(static member => !member.Settled).ToArray();
        if (waiting.Length > 0)
        {
            return Unready(context, findings, groups, waiting);
        }

        if (findings.Groups.FirstOrDefault(static group => group.Leaderless is not null) is not null)
        {
            return new Problem(Reasons.MasterMissing, $"No serving master: {Missing(findings)}.");
        }

        if (!findings.Groups.All(static group => group.Observed))
        {
            return new Problem(Reasons.PodsStarting, "Waiting for the brokers' StatefulSets to be taken up.");
        }

        if (!findings.Observation.NameServersSettled(context.Spec.NameServer.Replicas))
        {
            return NameServerTrouble(findings.Observation);
        }

        if (!findings.Registrations.Known)
        {
            return new Problem(Reasons.NameServersUnreachable, $"The name servers at {context.Names.NameServerClientAddress} do not answer the operator.");
        }

        if (!findings.Registrations.Complete)
        {
            return new Problem(Reasons.NameServersUnreachable, $"Name servers that serve do not answer the operator: {List([.. findings.Registrations.Silent])}.");
        }

        string[] unregistered = findings.Members.Where(static member => member.Registered == false).Select(static member => member.Pod).ToArray();
        if (unregistered.Length > 0)
        {
            return new Problem(Reasons.WaitingForRegistration, $"Waiting for {List(unregistered)} to register with every name server.");
        }

        if (findings.Openings is [{ } opening, ..])
        {
            return new Problem(Reasons.Opening, opening.Message);
        }

        if (findings.Unapplied is { } unapplied)
        {
            return unapplied;
        }

        return Refusing(findings) is { Length: > 0 } refusing ? new Problem(Reasons.DiskFull, Refusal(refusing)) : null;
    }

    /// <summary>The groups that take no messages; of one whose members elect their master with what its Lease says.</summary>
    private static string Missing(ClusterFindings findings) =>
        List([.. findings.Groups.Where(static group => !group.Serves).Select(static group => group.Leaderless is { } why ? $"{group.Name} ({why})" : group.Name)]);

    private static MemberState[] Refusing(ClusterFindings findings) => findings.Members.Where(static member => member.SendsRefused is not null).ToArray();

    private static string Refusal(MemberState[] refusing) =>
        $"{List([.. refusing.Select(static member => $"{member.Pod} takes no messages: {member.SendsRefused}")], "; ")}. "
        + "Make room on the volume, or lower fileReservedTime in brokers.config; consumers go on reading, and messages are taken again within seconds of there being room.";

    /// <summary>Members that are not ready: on their way, or no longer. The groups without a master are named first, for they take no messages.</summary>
    private static Problem Unready(ClusterContext context, ClusterFindings findings, List<BrokerGroupStatus> groups, MemberState[] waiting)
    {
        string pods = Named(waiting, findings) + ".";
        if (!IsDegraded(context, findings, waiting, FailingNameServers(findings.Observation)))
        {
            return new Problem(Reasons.PodsStarting, pods);
        }

        string[] silent = groups.Where(static group => !group.Ready).Select(static group => group.Name).ToArray();
        return silent.Length == 0
            ? new Problem(Reasons.PodsNotReady, pods)
            : new Problem(Reasons.MasterMissing, $"{List(silent)} {(silent.Length == 1 ? "takes" : "take")} no messages. {pods}");
    }

    private static Problem NameServerTrouble(ClusterObservation observation)
    {
        Pod[] unready = observation.NameServerPods.Where(static pod => !pod.IsDeleting() && !ClusterObservation.IsReady(pod)).OrderBy(static pod => pod.Name(), StringComparer.Ordinal).ToArray();
        string pods = List([.. unready.Select(Trouble)], "; ");
        if (observation.NameServersRolling && !Array.Exists(unready, static pod => PodTrouble.IsFailing(pod)))
        {
            return new Problem(
                Reasons.RollingUpdate,
                string.Create(CultureInfo.InvariantCulture, $"Name servers are replaced one at a time, and brokers get {NameServerDeployment.RegistrationPeriodAndMarginSeconds} s to register with each new one before the next old one goes.")
                + (pods.Length == 0 ? "" : $" Waiting for {pods}."));
        }

        if (unready.Length > 0)
        {
            return new Problem(Reasons.PodsStarting, pods + ".");
        }

        // No pod to ask: a quota or an admission rule keeps them away, and only the Deployment knows.
        return new Problem(
            Reasons.PodsStarting,
            observation.NameServers?.Status?.Conditions?.Find(static condition => condition is { Type: "ReplicaFailure", Status: ConditionStatus.True })?.Message is { Length: > 0 } refused
                ? $"Name servers cannot be made: {refused}"
                : "Waiting for the name servers.");
    }

    private static void Availability(ConditionList conditions, ClusterContext context, ClusterFindings findings, List<BrokerGroupStatus> groups)
    {
        if (!findings.Registrations.Known)
        {
            conditions.Unknown(ConditionTypes.Available, Reasons.NameServersUnreachable, $"The name servers at {context.Names.NameServerClientAddress} do not answer the operator.");
            return;
        }

        string[] missing = groups.Where(static group => !group.Ready).Select(static group => group.Name).ToArray();
        MemberState[] refusing = Refusing(findings);
        if (missing.Length == 0 && refusing.Length >= groups.Count)
        {
            conditions.False(ConditionTypes.Available, Reasons.DiskFull, Refusal(refusing));
        }
        else if (missing.Length == 0)
        {
            conditions.True(ConditionTypes.Available, Reasons.MastersRegistered, "Every group has a registered master.");
        }
        else
        {
            conditions.False(ConditionTypes.Available, Reasons.MasterMissing, $"No serving master: {Missing(findings)}.");
        }
    }

    /// <summary>
    /// Degraded means that something which has run does not: pods that come up for the first time do not count, nor those the operator restarts, unless such a one
    /// fails instead of starting.
    /// </summary>
    private static void Degradation(ConditionList conditions, ClusterContext context, ClusterFindings findings)
    {
        MemberState[] broken = findings.Members.Where(static member => !member.Settled).ToArray();
        Pod[] nameServers = FailingNameServers(findings.Observation);
        MemberState[] refusing = Refusing(findings);
        if (refusing.Length > 0)
        {
            string also = broken.Length == 0 ? "" : $" Also: {Named(broken, findings)}.";
            conditions.True(ConditionTypes.Degraded, Reasons.DiskFull, Refusal(refusing) + also);
        }
        else if (broken.Length == 0 && nameServers.Length == 0 && findings.Groups.FirstOrDefault(static group => group.ServesWithoutLease) is { } group)
        {
            conditions.True(
                ConditionTypes.Degraded,
                Reasons.LeaseNotRenewed,
                $"{group.Lease!.Holder} leads {group.Name} and does not renew its Lease: it takes messages for as long as every copy in sync follows it, and no other member can lead. Look whether its node reaches the API server.");
        }
        else if (broken.Length == 0 && nameServers.Length == 0)
        {
            conditions.False(ConditionTypes.Degraded, Reasons.AsExpected, "");
        }
        else if (IsDegraded(context, findings, broken, nameServers))
        {
            conditions.True(ConditionTypes.Degraded, Reasons.PodsNotReady, List([.. broken.Select(member => Trouble(member, findings)), .. nameServers.Select(Trouble)], "; ") + ".");
        }
        else
        {
            conditions.False(ConditionTypes.Degraded, IsRestarting(context, findings) ? Reasons.RollingUpdate : Reasons.PodsStarting, "");
        }
    }

    private static void Replication(ConditionList conditions, ClusterFindings findings)
    {
        string[] behind =
        [
            .. findings.Groups.SelectMany(static group => group.Members.Where(member => group.LagOf(member) >= FarBehindBytes).Select(member => $"{member.Pod} by more than {RoundLag(group.LagOf(member)) / 2 / Mebibyte} MiB")),
        ];
        string[] unknown = [.. findings.Groups.SelectMany(static group => group.Members.Where(member => member.Role == BrokerMemberRole.Slave && group.LagOf(member) is null).Select(static member => member.Pod))];
        if (behind.Length > 0)
        {
            conditions.False(ConditionTypes.Replicated, Reasons.SlavesBehind, $"Slaves are behind their master: {List(behind)}. Messages that were acknowledged may be on the master alone.");
        }
        else if (unknown.Length > 0)
        {
            conditions.False(ConditionTypes.Replicated, Reasons.SlavesUnknown, $"How far {List(unknown)} copied the log is unknown: the slave or its master does not serve.");
        }
        else
        {
            conditions.True(ConditionTypes.Replicated, Reasons.SlavesInSync, "Every slave has its master's log, but for what it is being sent.");
        }
    }

    /// <summary>In steps, so that the status of a cluster at work is not written anew in every pass.</summary>
    private static long? RoundLag(long? lag) => lag is not { } bytes ? null : bytes < Mebibyte ? 0 : (long)BitOperations.RoundUpToPowerOf2((ulong)bytes);

    private static Pod[] FailingNameServers(ClusterObservation observation) =>
        observation.NameServerPods.Where(static pod => PodTrouble.IsFailing(pod)).OrderBy(static pod => pod.Name(), StringComparer.Ordinal).ToArray();

    /// <summary>Whether something of what is not well has run before, or fails in its restart.</summary>
    private static bool IsDegraded(ClusterContext context, ClusterFindings findings, MemberState[] broken, Pod[] nameServers)
    {
        if (IsRestarting(context, findings))
        {
            return nameServers.Length > 0 || Array.Exists(broken, member => PodTrouble.IsFailing(findings.Observation.Pod(member.Pod)));
        }

        Condition? last = LastDegraded(context);
        return last?.Status == ConditionStatus.True
            || (nameServers.Length > 0 && last?.Reason == Reasons.AsExpected)
            || Array.Exists(broken, member => WasReady(member, context.Cluster.Status));
    }

    /// <summary>The last pod of a restart is up to date before it is ready: the restart goes on until it is.</summary>
    private static bool IsRestarting(ClusterContext context, ClusterFindings findings) => findings.Roll.InProgress || LastDegraded(context)?.Reason == Reasons.RollingUpdate;

    private static Condition? LastDegraded(ClusterContext context) => Conditions.Find(context.Cluster.Status?.Conditions, ConditionTypes.Degraded);

    private static bool WasReady(MemberState member, BrokerClusterStatus? last) =>
        last?.Groups?.Find(group => group.Name == member.Group)?.Members?.Find(known => known.Name == member.Pod)?.Ready == true;

    private static BrokerGroupStatus Group(GroupView group, BrokerGroupStatus? last) => new()
    {
        Name = group.Name,
        Master = group.Master?.Pod,

        // For people. What keeps epochs from coming twice is each member's own note of the highest: a Lease that was deleted is founded with all members and their stores, or with empty ones as another group.
        Epoch = group.Lease?.Epoch ?? last?.Epoch,
        GroupId = group.Lease is { } said ? said.GroupId : last?.GroupId,
        InSync = group.Lease is { InSync.Count: > 0 } lease ? [.. lease.InSync] : null,
        Ready = group.Serves,
        Members = [.. group.Members.Select(member => Member(group, member, last?.Members?.Find(known => known.Name == member.Pod)))],
    };

    private static BrokerMemberStatus Member(GroupView group, MemberState member, BrokerMemberStatus? last) => new()
    {
        Name = member.Pod,
        PodUid = member.Uid ?? last?.PodUid,
        Role = member.Role,
        BrokerId = member.Rank.BrokerId,
        Ready = member.Settled,
        Registered = member.Registered,
        SendsRefused = member.SendsRefused,
        LagBytes = RoundLag(group.LagOf(member)),
        Outdated = member.Outdated ? true : null,

        // Kept until the next pod is there and tells as what the one before has come back.
        OutdatedBy = member.Uid is null ? last?.OutdatedBy : member.Changed,
    };

    private static string Named(MemberState[] members, ClusterFindings findings) => List([.. members.Select(member => Trouble(member, findings))], "; ");

    private static string Trouble(MemberState member, ClusterFindings findings) => $"{member.Pod}: {PodTrouble.Describe(findings.Observation.Pod(member.Pod))}";

    private static string Trouble(Pod nameServer) => $"{nameServer.Name()}: {PodTrouble.Describe(nameServer)}";

    private static string List(string[] entries, string separator = ", ") =>
        entries.Length <= MaxPodsNamed ? string.Join(separator, entries) : string.Join(separator, entries.Take(MaxPodsNamed)) + " and more";
}
