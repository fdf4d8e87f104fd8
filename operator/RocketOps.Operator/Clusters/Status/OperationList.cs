using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>The operations under way as the status lists them: one that is in the step it was in keeps its time.</summary>
internal static class OperationList
{
    public static List<OperationStatus>? Build(IReadOnlyList<OperationStatus>? last, ScaleInPlan scaleIn, DateTimeOffset now)
    {
        if (scaleIn.Group is not { } group)
        {
            return null;
        }

        OperationStatus? before = last?.FirstOrDefault(known => known.Type == OperationType.ScaleIn && known.Group == group && known.Phase == scaleIn.Phase);
        return
        [
            new OperationStatus
            {
                Type = OperationType.ScaleIn,
                Group = group,
                Phase = scaleIn.Phase,

                // Whole seconds: the server stores no fractions.
                Since = before?.Since ?? DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()),
                Message = Describe(scaleIn),
            },
        ];
    }

    public static string Describe(ScaleInPlan scaleIn) => scaleIn.Phase switch
    {
        OperationPhase.Waiting => $"{scaleIn.Group} has more members than asked for; {scaleIn.Pod} goes next and waits for {scaleIn.WaitsFor}.",
        OperationPhase.Removing => $"{scaleIn.Pod} leaves {scaleIn.Group}; its claim {scaleIn.Claim} stays.",
        _ => $"{scaleIn.Pod} has left {scaleIn.Group} and stops; its claim {scaleIn.Claim} stays.",
    };
}
