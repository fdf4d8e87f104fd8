using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Outcome of the values that brokers take while they run.</summary>
/// <param name="Unapplied">Which members do not have them, and why; null when all that serve do.</param>
/// <param name="Pending">What the API server did not do; null when it did everything.</param>
internal sealed record LiveConfigOutcome(Problem? Unapplied, Problem? Pending)
{
    public static readonly LiveConfigOutcome Nothing = new(null, null);
}
