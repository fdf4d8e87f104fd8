using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>What one pass found out; the status follows from it alone.</summary>
/// <param name="Observation">The workloads after the pass.</param>
/// <param name="Groups">The groups and their members.</param>
/// <param name="Registrations">What the name servers know.</param>
/// <param name="Roll">The restart under way, if any.</param>
/// <param name="ScaleIn">The member on its way out, if any.</param>
/// <param name="Problem">What a person has to change; null when nothing has to be.</param>
/// <param name="Pending">What has to go by itself before everything can be made; null when nothing has.</param>
/// <param name="Failed">The API server failed somewhere: the next pass comes after a back-off.</param>
/// <param name="Paused">Nothing was changed, as somebody asked.</param>
internal sealed record ClusterFindings(
    ClusterObservation Observation,
    IReadOnlyList<GroupView> Groups,
    BrokerRegistrations Registrations,
    RollPlan Roll,
    ScaleInPlan ScaleIn,
    Problem? Problem,
    Problem? Pending,
    bool Failed,
    bool Paused)
{
    /// <summary>The members of all groups.</summary>
    public IReadOnlyList<MemberState> Members { get; } = [.. Groups.SelectMany(static group => group.Members)];
}
