using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Sight of a cluster that its pass begins with.</summary>
/// <param name="Context">What is wanted of the cluster, as far as it can be honoured, with the template that each group gets.</param>
/// <param name="Observation">What is there.</param>
/// <param name="Honoured">What of the spec cannot be honoured, and why.</param>
/// <param name="Claims">Whose claims there are.</param>
/// <param name="Leases">Who leads.</param>
/// <param name="Denied">What the operator lacks the right to, and this cluster takes; null when that is nothing.</param>
internal sealed record FirstLook(
    ClusterContext Context,
    ClusterObservation Observation,
    EffectiveSpec Honoured,
    ClaimsFound Claims,
    LeasesOutcome Leases,
    Problem? Denied);
