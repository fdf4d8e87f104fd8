using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>What one pass found out; the status follows from it alone.</summary>
/// <param name="Observation">The workloads after the pass.</param>
/// <param name="Groups">The wanted groups and their members.</param>
/// <param name="Registrations">What the name servers know.</param>
/// <param name="Roll">The restart under way, if any.</param>
/// <param name="Problem">Why the pass stopped; null when it did not.</param>
/// <param name="Pending">What has to go by itself before everything can be made; null when nothing has.</param>
/// <param name="Failed">The API server failed somewhere: the next pass comes after a back-off.</param>
internal sealed record ClusterFindings(
    ClusterObservation Observation,
    IReadOnlyList<GroupView> Groups,
    BrokerRegistrations Registrations,
    RollPlan Roll,
    Problem? Problem,
    Problem? Pending,
    bool Failed)
{
    /// <summary>The wanted members of all groups.</summary>
    public IReadOnlyList<MemberState> Members { get; } = [.. Groups.SelectMany(static group => group.Members)];
}
