using RocketOps.Operator.Clusters.Draining;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Clusters.Opening;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Scaling;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Operations that are under way in a cluster, each with what it waits for.</summary>
/// <param name="Growths">The groups whose volumes grow.</param>
/// <param name="Drains">The groups on their way out, or back.</param>
/// <param name="Openings">New groups that take no messages yet.</param>
/// <param name="ScaleIn">The member on its way out, if any.</param>
/// <param name="ScaleOuts">The groups that elect their master and get more members.</param>
/// <param name="Roll">The restart under way, if any.</param>
/// <param name="HandOverFails">A master that is to hand over goes on leading, however often it is asked.</param>
internal sealed record ClusterOperations(
    IReadOnlyList<GrowthPlan> Growths,
    IReadOnlyList<DrainPlan> Drains,
    IReadOnlyList<OpeningPlan> Openings,
    ScaleInPlan ScaleIn,
    IReadOnlyList<ScaleOutPlan> ScaleOuts,
    RollPlan Roll,
    bool HandOverFails)
{
    public static readonly ClusterOperations None = new([], [], [], ScaleInPlan.Nothing, [], RollPlan.Nothing, HandOverFails: false);
}
