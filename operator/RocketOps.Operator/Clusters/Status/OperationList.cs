using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>The operations under way as the status lists them: one that is in the step it was in keeps its time.</summary>
internal static class OperationList
{
    public static List<OperationStatus>? Build(IReadOnlyList<OperationStatus>? last, ClusterFindings findings, DateTimeOffset now)
    {
        if (findings.Paused)
        {
            // They go on where they are.
            return last is [_, ..] ? [.. last] : null;
        }

        ClusterOperations found = findings.Operations;
        List<OperationStatus> operations =
        [
            .. found.Drains.Select(drain => Operation(OperationType.Drain, drain.Group, drain.Phase, drain.Message)),
            .. found.Openings.Select(opening => Operation(OperationType.Open, opening.Group, opening.Phase, opening.Message)),
            .. found.Growths.Select(growth => Operation(OperationType.Grow, growth.Group, growth.Phase, growth.Message)),
            .. found.ScaleOuts.Select(growth => Operation(OperationType.ScaleOut, growth.Group, growth.Phase, growth.Message)),
        ];
        if (found.ScaleIn.Group is { } group)
        {
            operations.Add(Operation(OperationType.ScaleIn, group, found.ScaleIn.Phase, Describe(found.ScaleIn)));
        }

        // To announce a member is to restart the others: one operation, not two.
        string[] announcing = [.. operations.Where(static operation => operation.Type is OperationType.ScaleIn or OperationType.ScaleOut).Select(static operation => operation.Group)];
        operations.AddRange(
            from action in found.Roll.Groups
            where !announcing.Contains(action.Group) && RollWords.IsUnderWay(action, found.Roll)
            let step = RollWords.Step(action, findings)
            select Operation(OperationType.Roll, action.Group, step.Phase, step.Message));
        return operations.Count == 0 ? null : operations;

        OperationStatus Operation(OperationType type, string of, OperationPhase phase, string message) => new()
        {
            Type = type,
            Group = of,
            Phase = phase,

            // Whole seconds: the server stores no fractions.
            Since = last?.FirstOrDefault(known => known.Type == type && known.Group == of && known.Phase == phase)?.Since ?? DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()),
            Message = message,
        };
    }

    public static string Describe(ScaleInPlan scaleIn) => scaleIn.Phase switch
    {
        OperationPhase.Waiting => $"{scaleIn.Group} has more members than asked for; {scaleIn.Pod} goes next and waits for {scaleIn.WaitsFor}.",
        OperationPhase.Removing => $"{scaleIn.Pod} leaves {scaleIn.Group}; its claim {scaleIn.Claim} stays.",
        OperationPhase.Announcing when scaleIn.WaitsFor is { } what => $"{scaleIn.Pod} has left {scaleIn.Group}; the others count it among them until {what}.",
        OperationPhase.Announcing => $"{scaleIn.Pod} has left {scaleIn.Group}; the others restart one at a time to count it among them no longer. Its claim {scaleIn.Claim} stays.",
        _ => $"{scaleIn.Pod} has left {scaleIn.Group} and stops; its claim {scaleIn.Claim} stays.",
    };
}
