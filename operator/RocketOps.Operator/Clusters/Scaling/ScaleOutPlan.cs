using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Scaling;

/// <summary>Progress of a group that elects its master and gets more members.</summary>
/// <param name="Group">The group.</param>
/// <param name="Phase">What is done with it.</param>
/// <param name="Message">For people, with whatever is waited for.</param>
/// <param name="Members">Where some are added: how many the group has with them.</param>
internal sealed record ScaleOutPlan(string Group, OperationPhase Phase, string Message, int Members = 0);
