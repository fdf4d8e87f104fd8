using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Groups;

namespace RocketOps.Operator.Clusters;

/// <summary>What the API server shows of a cluster's workloads.</summary>
/// <param name="NameServers">The name servers' Deployment; null while there is none.</param>
/// <param name="Sets">The StatefulSets that carry the cluster's label and belong to it.</param>
/// <param name="Pods">The broker pods that carry the cluster's label.</param>
/// <param name="NameServerPods">The name-server pods that carry the cluster's label.</param>
internal sealed record ClusterObservation(Deployment? NameServers, IReadOnlyList<StatefulSet> Sets, IReadOnlyList<Pod> Pods, IReadOnlyList<Pod> NameServerPods)
{
    public StatefulSet? Set(string group) => Sets.FirstOrDefault(set => set.Name() == group);

    public Pod? Pod(string name) => Pods.FirstOrDefault(pod => pod.Name() == name);

    /// <summary>Name servers that serve, with whatever configuration: a change of the Deployment does not stop those that run.</summary>
    public int ReadyNameServers => NameServers?.Status?.ReadyReplicas ?? 0;

    /// <summary>All name servers run the current configuration and serve.</summary>
    public bool NameServersSettled(int wanted) =>
        NameServers is { Status: { } status } deployment
        && IsObserved(deployment, status.ObservedGeneration)
        && status.UpdatedReplicas == wanted
        && status.ReadyReplicas == wanted
        && status.Replicas == wanted;

    /// <summary>Name servers with an older configuration serve on while new ones come.</summary>
    public bool NameServersRolling =>
        NameServers is { Status: { } status } deployment && IsObserved(deployment, status.ObservedGeneration) && (status.ReadyReplicas ?? 0) > 0 && (status.Replicas ?? 0) > (status.UpdatedReplicas ?? 0);

    /// <summary>The wanted groups, there or not.</summary>
    public IReadOnlyList<GroupView> Groups(ClusterContext context, BrokerRegistrations registrations) =>
        [.. context.Groups.Select(group => GroupView.Of(context, group, this, registrations))];

    public static bool IsReady(Pod pod) => Readiness(pod) is not null;

    /// <summary>The condition that says that the pod serves; null when it does not.</summary>
    public static PodCondition? Readiness(Pod pod) =>
        pod.Status?.Conditions?.Find(static condition => condition is { Type: "Ready", Status: ConditionStatus.True });

    private static bool IsObserved(Deployment deployment, long? observedGeneration) => (observedGeneration ?? 0) >= (deployment.Metadata.Generation ?? 0);
}
