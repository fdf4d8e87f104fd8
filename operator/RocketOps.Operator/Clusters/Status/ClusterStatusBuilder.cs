using System.Globalization;
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

    public static BrokerClusterStatus Build(ClusterContext context, ClusterFindings findings, DateTimeOffset now)
    {
        var groups = context.Groups.Select(group => Group(group, findings)).ToList();
        var ready = findings.Members.Count(static member => member.Settled);
        return new BrokerClusterStatus
        {
            ObservedGeneration = context.Cluster.Metadata.Generation,
            NameServers = context.Names.NameServerClientAddress,
            ReadyNameServers = findings.Observation.ReadyNameServers,
            ReadyGroups = groups.Count(static group => group.Ready),
            Brokers = string.Create(CultureInfo.InvariantCulture, $"{ready}/{findings.Members.Count}"),
            Groups = groups,
            Conditions = BuildConditions(context, findings, groups, now).ToList(),
        };
    }

    private static ConditionList BuildConditions(ClusterContext context, ClusterFindings findings, List<BrokerGroupStatus> groups, DateTimeOffset now)
    {
        var conditions = new ConditionList(context.Cluster.Status?.Conditions, context.Cluster.Metadata.Generation, now);
        conditions.Outcome(findings.Problem, Pending(context, findings), "Every name server and every broker serves.");
        Availability(conditions, context, findings, groups);
        Degradation(conditions, context, findings);
        if (context.Spec.Brokers.Replicas > 1)
        {
            conditions.False(ConditionTypes.Replicated, Reasons.RoleOnly, "Slaves hold their role but copy no messages in this version: each message is on its master alone.");
        }

        return conditions;
    }

    /// <summary>What is still to come, most telling first; null when all is done.</summary>
    private static Problem? Pending(ClusterContext context, ClusterFindings findings)
    {
        if (findings.Roll.InProgress)
        {
            return findings.Roll.WaitsFor is { } waitsFor
                ? new Problem(Reasons.RollingUpdate, $"Brokers restart one at a time; waiting for {Trouble(waitsFor, findings)}.")
                : new Problem(Reasons.RollingUpdate, "Brokers restart one at a time: slaves first, masters last.");
        }

        var waiting = findings.Members.Where(static member => !member.Settled).ToArray();
        if (waiting.Length > 0)
        {
            return new Problem(Reasons.PodsStarting, Named(waiting, findings) + ".");
        }

        if (!findings.Observation.SetsObserved(context) || !findings.Observation.NameServersSettled(context.Spec.NameServer.Replicas))
        {
            return new Problem(Reasons.PodsStarting, "Waiting for the name servers.");
        }

        if (!findings.Registrations.Known)
        {
            return new Problem(Reasons.NameServersUnreachable, $"The name servers at {context.Names.NameServerClientAddress} do not answer the operator.");
        }

        var unregistered = findings.Members.Where(member => !IsRegistered(member, findings)).Select(static member => member.Pod).ToArray();
        return unregistered.Length == 0
            ? null
            : new Problem(Reasons.WaitingForRegistration, $"Waiting for {List(unregistered)} to register with the name servers.");
    }

    private static void Availability(ConditionList conditions, ClusterContext context, ClusterFindings findings, List<BrokerGroupStatus> groups)
    {
        if (!findings.Registrations.Known)
        {
            conditions.Unknown(ConditionTypes.Available, Reasons.NameServersUnreachable, $"The name servers at {context.Names.NameServerClientAddress} do not answer the operator.");
            return;
        }

        var missing = groups.Where(static group => !group.Ready).Select(static group => group.Name).ToArray();
        if (missing.Length == 0)
        {
            conditions.True(ConditionTypes.Available, Reasons.MastersRegistered, "Every group has a registered master.");
        }
        else
        {
            conditions.False(ConditionTypes.Available, Reasons.MasterMissing, $"No serving master: {List(missing)}.");
        }
    }

    /// <summary>
    /// Degraded means that something which has run does not: a cluster that comes up for the first time, or whose brokers the operator restarts, is not.
    /// </summary>
    private static void Degradation(ConditionList conditions, ClusterContext context, ClusterFindings findings)
    {
        var wasComplete = Kubernetes.Models.Conditions.Find(context.Cluster.Status?.Conditions, ConditionTypes.Degraded) is { } previous
            && (previous.Status == Kubernetes.Models.ConditionStatus.True || previous.Reason == Reasons.AsExpected);
        var broken = findings.Members.Where(static member => !member.Settled).ToArray();
        if (broken.Length == 0)
        {
            conditions.False(ConditionTypes.Degraded, Reasons.AsExpected, "");
        }
        else if (findings.Roll.InProgress)
        {
            conditions.False(ConditionTypes.Degraded, Reasons.RollingUpdate, "");
        }
        else if (wasComplete)
        {
            conditions.True(ConditionTypes.Degraded, Reasons.PodsNotReady, Named(broken, findings) + ".");
        }
        else
        {
            conditions.False(ConditionTypes.Degraded, Reasons.PodsStarting, "");
        }
    }

    private static BrokerGroupStatus Group(string name, ClusterFindings findings)
    {
        var members = findings.Members.Where(member => member.Group == name).ToArray();
        var master = Array.Find(members, static member => member.Role == BrokerMemberRole.Master);
        return new BrokerGroupStatus
        {
            Name = name,
            Master = master?.Pod,
            Ready = master is { Settled: true } && (!findings.Registrations.Known || IsRegistered(master, findings)),
            Members = [.. members.Select(member => Member(member, findings))],
        };
    }

    private static BrokerMemberStatus Member(MemberState member, ClusterFindings findings) => new()
    {
        Name = member.Pod,
        Role = member.Role,
        BrokerId = member.Ordinal,
        Ready = member.Settled,
        Registered = findings.Registrations.Known ? IsRegistered(member, findings) : null,
        Outdated = member.Outdated ? true : null,
    };

    private static bool IsRegistered(MemberState member, ClusterFindings findings) =>
        findings.Observation.Pod(member.Pod)?.Status?.PodIP is { Length: > 0 } podIP && findings.Registrations.Contains(member.Group, member.Ordinal, podIP);

    private static string Named(MemberState[] members, ClusterFindings findings) => List([.. members.Select(member => Trouble(member, findings))]);

    private static string Trouble(MemberState member, ClusterFindings findings) => $"{member.Pod}: {PodTrouble.Describe(findings.Observation.Pod(member.Pod))}";

    private static string List(string[] names) =>
        names.Length <= MaxPodsNamed ? string.Join(", ", names) : string.Join(", ", names.Take(MaxPodsNamed)) + " and more";
}
