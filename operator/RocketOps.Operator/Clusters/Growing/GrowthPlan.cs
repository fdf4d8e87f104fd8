using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Growing;

/// <summary>Progress of a group whose volumes grow.</summary>
/// <param name="Group">The group.</param>
/// <param name="Phase">What is done with it.</param>
/// <param name="Message">For people, with whatever is waited for.</param>
internal sealed record GrowthPlan(string Group, OperationPhase Phase, string Message);
