using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Outcome of the wish for larger volumes.</summary>
/// <param name="Plans">The groups whose volumes grow.</param>
/// <param name="Kept">The size that stays because the API server refuses more; null when it does not.</param>
/// <param name="Problem">Why it refuses.</param>
/// <param name="Pending">What failed and is tried again.</param>
/// <param name="Held">Groups whose sets may just have been deleted: what is applied to one of them would make another.</param>
internal sealed record GrowthOutcome(IReadOnlyList<GrowthPlan> Plans, Quantity? Kept, Problem? Problem, Problem? Pending, IReadOnlySet<string> Held)
{
    /// <summary>Nothing was asked.</summary>
    public static readonly GrowthOutcome Nothing = new([], null, null, null, new HashSet<string>());
}
