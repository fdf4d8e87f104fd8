using RocketOps.Operator.Clusters.Groups;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>The next step of bringing one broker group up to date.</summary>
/// <param name="Group">The group.</param>
/// <param name="Step">What is to be done.</param>
/// <param name="Outdated">How many of its pods are not up to date yet, the one to restart included.</param>
/// <param name="Member">The member to restart or evict, or the one that has to serve and be known before this group goes on. Null when nothing is waited for, or the name servers are.</param>
/// <param name="HandOverTo">The member that is to lead instead, with <see cref="GroupStep.HandOver"/>.</param>
internal sealed record GroupAction(string Group, GroupStep Step, int Outdated, ObservedMember? Member, ObservedMember? HandOverTo = null);
