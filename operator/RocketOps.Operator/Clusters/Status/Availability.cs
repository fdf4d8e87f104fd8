using RocketOps.Operator.Clusters.Context;
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
        else
        {
            Problem all = Problem.Join(faults)!;
            if (faults.All(static fault => fault.Reason is Reasons.Unanswering or Reasons.ApiUnavailable))
            {
                conditions.Unknown(ConditionTypes.Available, all.Reason, all.Message);
            }
            else
            {
                conditions.False(ConditionTypes.Available, all.Reason, all.Message);
            }
        }
    }
}
