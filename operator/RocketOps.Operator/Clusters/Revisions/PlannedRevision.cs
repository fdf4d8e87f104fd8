namespace RocketOps.Operator.Clusters.Revisions;

/// <summary>Decision about the template of one group.</summary>
/// <param name="Choice">Which one its set gets.</param>
/// <param name="Wanted">The one that is asked for, as <see cref="TemplateText"/>.</param>
/// <param name="HasFailed">What is asked for has failed to start a pod, here or in another group.</param>
/// <param name="IsBroken">A pod does not start with the template that the set has.</param>
internal sealed record PlannedRevision(RevisionChoice Choice, string Wanted, bool HasFailed, bool IsBroken);
