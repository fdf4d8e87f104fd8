using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>
/// Says whether members of one group are on one node: the scheduler puts them apart where it can and tells nobody where it cannot. By the pods alone, as the names of nodes are in them; zones are labels of nodes,
/// which the operator has no right to read.
/// </summary>
internal static class NodeSpread
{
    private const int MaxNamed = 5;

    /// <summary>Adds the condition. As long as a pod has no node, what was said before holds: a restart alone tells nothing new.</summary>
    public static void Add(ConditionList conditions, Condition? last, ClusterFindings findings)
    {
        string[] shared = [.. findings.Groups.SelectMany(group => Shared(group, findings.Observation))];
        if (shared.Length > 0)
        {
            conditions.False(
                ConditionTypes.Spread, Reasons.NodesShared,
                $"Members of one group are on one node: {string.Join("; ", shared.Take(MaxNamed))}{(shared.Length > MaxNamed ? "; and more" : "")}. With that node goes more than one copy. There may be too few nodes with room, or brokers.pod asks for it.");
        }
        else if (findings.Members.All(member => Node(member, findings.Observation) is not null))
        {
            conditions.True(ConditionTypes.Spread, Reasons.NodesApart, "No two members of a group are on one node.");
        }
        else if (last is { Status: ConditionStatus.True })
        {
            conditions.True(ConditionTypes.Spread, last.Reason ?? Reasons.NodesApart, last.Message ?? "");
        }
        else if (last is { Status: ConditionStatus.False })
        {
            conditions.False(ConditionTypes.Spread, last.Reason ?? Reasons.NodesShared, last.Message ?? "");
        }
    }

    private static IEnumerable<string> Shared(ObservedGroup group, ClusterObservation observation) => group.Members
        .GroupBy(member => Node(member, observation), StringComparer.Ordinal)
        .Where(static node => node.Key is not null && node.Count() > 1)
        .OrderBy(static node => node.Key, StringComparer.Ordinal)
        .Select(static node => $"{string.Join(" and ", node.Select(static member => member.Pod))} on {node.Key}");

    private static string? Node(ObservedMember member, ClusterObservation observation) =>
        member.Live.Uid is not null && observation.Pod(member.Pod)?.Spec?.NodeName is { Length: > 0 } node ? node : null;
}
