using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Draining;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Clusters.Opening;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>What one pass found out; the status follows from it alone.</summary>
/// <param name="Observation">The workloads after the pass.</param>
/// <param name="Groups">The groups and their members.</param>
/// <param name="Registrations">What the name servers know.</param>
/// <param name="Roll">The restart under way, if any.</param>
/// <param name="ScaleIn">The member on its way out, if any.</param>
/// <param name="ScaleOuts">The groups that elect their master and get more members.</param>
/// <param name="Drains">The groups on their way out, or back.</param>
/// <param name="Growths">The groups whose volumes grow.</param>
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
    IReadOnlyList<ScaleOutPlan> ScaleOuts,
    IReadOnlyList<DrainPlan> Drains,
    IReadOnlyList<GrowthPlan> Growths,
    Problem? Problem,
    Problem? Pending,
    bool Failed,
    bool Paused)
{
    /// <summary>Which members do not have the values that need no restart, and why; null when all have them.</summary>
    public Problem? Unapplied { get; init; }

    /// <summary>What somebody has changed since this pass looked at it; told when there is nothing else to wait for, as the next pass comes at once.</summary>
    public Problem? Changed { get; init; }

    /// <summary>What a person has to change concerns single groups, and the others go on.</summary>
    public bool OthersGoOn { get; init; }

    /// <summary>What somebody asked to be left alone; null for nothing.</summary>
    public ClusterPause? Pause { get; init; }

    /// <summary>None of the name servers serves, or one that serves does not answer, and that has lasted.</summary>
    public bool NameServersSilent { get; init; }

    /// <summary>A master that is to hand over goes on leading, however often it is asked.</summary>
    public bool HandOverFails { get; init; }

    /// <summary>Pods that the API server refuses to make.</summary>
    public RefusedPods Refused { get; init; } = RefusedPods.None;

    /// <summary>New groups that take no messages yet.</summary>
    public IReadOnlyList<OpeningPlan> Openings { get; init; } = [];

    /// <summary>Why a cluster that is to be protected may not be, or that this is not known; null when it is.</summary>
    public Problem? Unprotected { get; init; }

    /// <summary>Topics that no object speaks of; null when there are none.</summary>
    public UnmanagedTopicsStatus? Unmanaged { get; init; }

    /// <summary>The members of all groups.</summary>
    public IReadOnlyList<MemberState> Members { get; } = [.. Groups.SelectMany(static group => group.Members)];
}
