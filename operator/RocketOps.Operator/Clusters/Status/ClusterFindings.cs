using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Findings of one pass; the status follows from them alone.</summary>
/// <param name="Observation">The workloads after the pass.</param>
/// <param name="Groups">The groups and their members.</param>
/// <param name="Registrations">What the name servers know.</param>
/// <param name="Operations">What is under way.</param>
/// <param name="Problem">What a person has to change; null when nothing has to be.</param>
/// <param name="Pending">What has to go by itself before everything can be made; null when nothing has.</param>
/// <param name="Failed">The API server failed somewhere: the next pass comes after a back-off.</param>
/// <param name="Pause">What somebody asked to be left alone; null for nothing.</param>
internal sealed record ClusterFindings(
    ClusterObservation Observation,
    IReadOnlyList<ObservedGroup> Groups,
    BrokerRegistrations Registrations,
    ClusterOperations Operations,
    Problem? Problem,
    Problem? Pending,
    bool Failed,
    ClusterPause? Pause)
{
    /// <summary>Nothing was changed, as somebody asked.</summary>
    public bool Paused => Pause is { Cluster: true };

    /// <summary>Members that do not have the values that need no restart, and why; null when all have them.</summary>
    public Problem? Unapplied { get; init; }

    /// <summary>
    /// Change that somebody has made since this pass looked; told when there is nothing else to wait for, as the next pass comes at once.
    /// </summary>
    public Problem? Changed { get; init; }

    /// <summary>True when what a person has to change concerns single groups, and the others go on.</summary>
    public bool OthersGoOn { get; init; }

    /// <summary>None of the name servers serves, or one that serves does not answer, and that has lasted.</summary>
    public bool NameServersSilent { get; init; }

    /// <summary>Pods that the API server refuses to make.</summary>
    public RefusedPods Refused { get; init; } = RefusedPods.None;

    /// <summary>Reason why a cluster that is to be protected may not be, or that this is not known; null when it is.</summary>
    public Problem? Unprotected { get; init; }

    /// <summary>Topics that no object speaks of; null when there are none.</summary>
    public UnmanagedTopicsStatus? Unmanaged { get; init; }

    /// <summary>The members of all groups.</summary>
    public IReadOnlyList<ObservedMember> Members { get; } = [.. Groups.SelectMany(static group => group.Members)];
}
