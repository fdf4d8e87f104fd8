using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Opening;

/// <summary>Progress of a new group that takes no messages yet.</summary>
/// <param name="Group">The group.</param>
/// <param name="Phase">What is done with it.</param>
/// <param name="Message">For people, with whatever is waited for.</param>
internal sealed record OpeningPlan(string Group, OperationPhase Phase, string Message);
