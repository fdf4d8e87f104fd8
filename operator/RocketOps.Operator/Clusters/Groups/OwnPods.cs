using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>
/// Tells a cluster's pods from others that carry its labels: copies that somebody made to look into them, and what was left behind where a node evicted a name server or was shut down, which nobody deletes
/// and which never runs again.
/// </summary>
internal static class OwnPods
{
    /// <summary>A member of a group, by its name and by its owner; one that nobody owns is its set's soon.</summary>
    public static bool IsBroker(Pod pod) =>
        pod.Label(ClusterLabels.Component) == ClusterLabels.BrokerComponent
        && pod.Label(ClusterLabels.Group) is { } group && ClusterNames.OrdinalOf(group, pod.Name()) is not null && ObservedGroup.WasOf(pod, group);

    /// <summary>A name server that runs or will: made for the Deployment by one of its ReplicaSets, which are named after it.</summary>
    public static bool IsNameServer(Pod pod, string deployment) =>
        pod.Label(ClusterLabels.Component) == ClusterLabels.NameServerComponent
        && pod.ControllerOwner()?.Name.StartsWith(deployment, StringComparison.Ordinal) == true
        && pod.Status?.Phase is not ("Failed" or "Succeeded");
}
