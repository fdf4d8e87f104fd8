namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>The next step of bringing outdated pods up to date.</summary>
/// <param name="Restart">The pod to delete now; its set makes it again from the current template. Null when there is nothing to delete now.</param>
/// <param name="Outdated">How many pods are not up to date yet, the one to restart included.</param>
/// <param name="WaitsFor">The pod that has to serve and be known before the next one may go; null when nothing is waited for.</param>
internal sealed record RollDecision(MemberState? Restart, int Outdated, MemberState? WaitsFor)
{
    public bool InProgress => Outdated > 0;
}
