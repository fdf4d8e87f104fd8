using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Outcome of noting the groups' templates.</summary>
/// <param name="Noted">The sets that were written.</param>
/// <param name="Changed">Sets that have changed since this pass looked at them, so that what is to be noted of them is not yet; null for none.</param>
internal sealed record RevisionsOutcome(IReadOnlyList<StatefulSet> Noted, Problem? Changed);
