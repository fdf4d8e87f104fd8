using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Draining;

/// <summary>Progress of a group that goes, or that was to go and comes back.</summary>
/// <param name="Group">The group.</param>
/// <param name="Phase">What is done with it.</param>
/// <param name="Message">For people, with whatever is waited for.</param>
internal sealed record DrainPlan(string Group, OperationPhase Phase, string Message);
