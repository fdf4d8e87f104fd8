using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Scaling;

/// <summary>The next step of taking members away that are more than asked for.</summary>
/// <param name="Group">The group it is about; null when no group has too many.</param>
/// <param name="Pod">The member on its way out.</param>
/// <param name="Phase">What is done with it.</param>
/// <param name="WaitsFor">What has to be so before it goes, as the rest of a sentence; null unless it waits.</param>
/// <param name="Leaving">The member as it was seen; null when its set has already let it go.</param>
/// <param name="Successor">The member that is to lead instead of the one that leaves; null when that does not lead, or something else comes first.</param>
internal sealed record ScaleInPlan(string? Group, string Pod, OperationPhase Phase, string? WaitsFor, ObservedMember? Leaving, ObservedMember? Successor = null)
{
    public static readonly ScaleInPlan Nothing = new(null, "", OperationPhase.Waiting, null, null);

    /// <summary>Some group has more members than asked for, or one of them is still stopping.</summary>
    public bool InProgress => Group is not null;

    /// <summary>A member is about to stop, or does.</summary>
    public bool TakesAway => InProgress && Phase is OperationPhase.Removing or OperationPhase.Stopping;

    /// <summary>The hand-over to bring about now; null when there is none.</summary>
    public GroupAction? HandOver => Group is { } group && Leaving is { } master && Successor is { } successor ? new GroupAction(group, GroupStep.HandOver, 0, master, successor) : null;

    public string Claim => $"{ClusterNames.DataVolume}-{Pod}";
}
