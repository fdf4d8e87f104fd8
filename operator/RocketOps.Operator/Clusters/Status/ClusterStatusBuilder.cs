using System.Globalization;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>
/// Turns what a pass found into the status a person reads. Messages hold names and states, never counters or times, so that a pass which
/// finds the same writes nothing.
/// </summary>
internal static class ClusterStatusBuilder
{
    /// <param name="context">The cluster.</param>
    /// <param name="findings">What the pass found.</param>
    /// <param name="clientAddress">Where clients reach the name servers.</param>
    /// <param name="now">Of transitions.</param>
    public static BrokerClusterStatus Build(ClusterContext context, ClusterFindings findings, string clientAddress, DateTimeOffset now)
    {
        List<BrokerGroupStatus> groups = findings.Groups.Select(group => Group(group, context.Cluster.Status?.Groups?.Find(last => last.Name == group.Name))).ToList();
        int ready = findings.Members.Count(static member => member.Settled);
        return new BrokerClusterStatus
        {
            ObservedGeneration = Generation(context, findings),
            Version = ClusterVersion.Noted(context, findings.Observation),
            Effective = new EffectiveValues { BrokerImage = context.BrokerImage, NameServerImage = context.NameServerImage, StorageSize = context.Groups.Select(context.ClaimSizeOf).Min() },
            NameServers = clientAddress,
            ReadyNameServers = findings.Observation.ReadyNameServers,
            ReadyGroups = groups.Count(static group => group.Ready),
            Brokers = string.Create(CultureInfo.InvariantCulture, $"{ready}/{findings.Members.Count}"),
            Groups = groups,
            Operations = OperationList.Build(context.Cluster.Status?.Operations, findings, now),
            UnmanagedTopics = findings.Unmanaged,
            Restarts = RestartList.Build(context.Cluster.Status, findings.Observation, groups),
            Conditions = BuildConditions(context, findings, now).ToList(),
        };
    }

    private static ConditionList BuildConditions(ClusterContext context, ClusterFindings findings, DateTimeOffset now)
    {
        ConditionList conditions = new ConditionList(context.Cluster.Status?.Conditions, Generation(context, findings), now);
        conditions.Outcome(findings.Problem ?? StuckPods.Find(context, findings), PendingWork.Find(context, findings) ?? findings.Changed, "Every name server and every broker serves.");
        Availability.Add(conditions, context, findings);
        Degradation.Add(conditions, context, findings);
        if (context.Spec.Brokers.Replicas > 1)
        {
            Replication.Add(conditions, context, findings);
            NodeSpread.Add(conditions, Conditions.Find(context.Cluster.Status?.Conditions, ConditionTypes.Spread), findings);
        }

        if (ClusterAnnotations.IsProtected(context.Cluster))
        {
            string mistake = ClusterAnnotations.ProtectionMistake(context.Cluster) is { } words ? " " + words : "";
            _ = findings.Unprotected switch
            {
                null => conditions.True(ConditionTypes.Protected, Reasons.DeletionRefused, $"The API server refuses to delete the cluster, its StatefulSets and claims, and the operator takes no member and no group away.{mistake}"),
                { Reason: Reasons.ProtectionMissing } open => conditions.False(ConditionTypes.Protected, open.Reason, open.Message + mistake),
                { } unknown => conditions.Unknown(ConditionTypes.Protected, unknown.Reason, unknown.Message + mistake),
            };
        }

        if (findings.Pause is { } pause)
        {
            conditions.True(ConditionTypes.Paused, pause.Mistake is null ? Reasons.Paused : Reasons.InvalidPause, pause.Describe());
        }

        return conditions;
    }

    /// <summary>
    /// Returns the generation to report: of a paused cluster the one that was last worked on, as whatever is asked for since waits.
    /// </summary>
    private static long? Generation(ClusterContext context, ClusterFindings findings) =>
        findings.Paused ? context.Cluster.Status?.ObservedGeneration : context.Cluster.Metadata.Generation;

    private static BrokerGroupStatus Group(ObservedGroup group, BrokerGroupStatus? last) => new()
    {
        Name = group.Name,
        Master = group.IsLeadUnknown ? last?.Master : group.Leaderless is null && !group.IsHolderDoubted ? group.Master?.Pod : null,

        // For people. What keeps epochs from coming twice is each member's own note of the highest: a Lease that was deleted is founded with all members and their stores, or with empty ones as another group.
        Epoch = group.Lease?.Epoch ?? last?.Epoch,
        GroupId = group.Lease is { } said ? said.GroupId : last?.GroupId,

        // The Lease names a copy that was lost until the master takes it out, which one that takes no messages has no reason to.
        InSync = group.Lease is { InSync.Count: > 0 } lease ? [.. lease.InSync.Where(pod => group.Members.Any(member => member.Pod == pod && member.Settled))] : null,
        Ready = group.TakesMessages,
        Reason = group.Fault,
        Members = [.. group.Members.Select(member => Member(group, member, last?.Members?.Find(known => known.Name == member.Pod)))],
    };

    private static BrokerMemberStatus Member(ObservedGroup group, ObservedMember member, BrokerMemberStatus? last) => new()
    {
        Name = member.Pod,
        PodUid = member.Live.Uid ?? last?.PodUid,
        Role = Rank(group, member).Role,
        BrokerId = Rank(group, member).BrokerId,
        Ready = member.Settled,
        Registered = member.Registered,
        SendsRefused = Refuses(group, member) ? member.Says.SendsRefused : null,
        RefusedBy = Refuses(group, member) ? member.Says.RefusedBy : null,
        NotFollowing = member.Says.NotFollowing,
        LagBytes = Replication.RoundLag(group.LagOf(member)),
        Outdated = member.Live.Outdated ? true : null,

        // Kept until the next pod is there and tells as what the one before has come back.
        OutdatedBy = member.Live.Uid is null ? last?.OutdatedBy : member.Live.Changed,
    };

    /// <summary>Returns the rank of a member: one that has lost its Lease is the master no longer.</summary>
    private static MemberRank Rank(ObservedGroup group, ObservedMember member) => group.Master is null && member.Role == BrokerMemberRole.Master ? LeaseRoles.SlaveOf(member.Ordinal) : member.Rank;

    /// <summary>Returns true when a member refuses messages; a refusal that the operator has asked for itself is none.</summary>
    private static bool Refuses(ObservedGroup group, ObservedMember member) => member == group.Refusing;
}
