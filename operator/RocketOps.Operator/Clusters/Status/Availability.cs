using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>The condition Available: every group has a master that clients find and that takes messages.</summary>
internal static class Availability
{
    public static void Add(ConditionList conditions, ClusterContext context, ClusterFindings findings)
    {
        IReadOnlyList<Problem> faults = GroupFaults.Of(findings.Groups);
        if (!findings.Registrations.Known)
        {
            conditions.Unknown(ConditionTypes.Available, Reasons.NameServersUnreachable, NameServerWords.Unreachable(context));
        }
        else if (faults.Count == 0)
        {
            conditions.True(ConditionTypes.Available, Reasons.MastersRegistered, "Every group has a registered master that takes messages.");
        }
        else if (faults is [{ Reason: Reasons.Unanswering } unknown])
        {
            conditions.Unknown(ConditionTypes.Available, unknown.Reason, unknown.Message);
        }
        else
        {
            Problem all = Problem.Join(faults)!;
            conditions.False(ConditionTypes.Available, all.Reason, all.Message);
        }
    }
}
