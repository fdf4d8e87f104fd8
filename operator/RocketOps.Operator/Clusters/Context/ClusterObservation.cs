using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Marks;

namespace RocketOps.Operator.Clusters.Context;

/// <summary>Workloads of a cluster as the API server shows them.</summary>
/// <param name="NameServers">The name servers' Deployment; null while there is none.</param>
/// <param name="Sets">The StatefulSets that carry the cluster's label and belong to it.</param>
/// <param name="Pods">The cluster's broker pods.</param>
/// <param name="NameServerPods">The cluster's name-server pods that run or will.</param>
internal sealed record ClusterObservation(Deployment? NameServers, IReadOnlyList<StatefulSet> Sets, IReadOnlyList<Pod> Pods, IReadOnlyList<Pod> NameServerPods)
{
    /// <summary>Groups whose sets are made again: pods without an owner, or with the set that was there, are theirs.</summary>
    public IReadOnlySet<string> Recreated { get; init; } = new HashSet<string>();

    /// <summary>Number of members that the configurations of groups that elect their master name, by ConfigMap.</summary>
    public IReadOnlyDictionary<string, int> Lists { get; init; } = new Dictionary<string, int>();

    /// <summary>New groups that take no messages yet, or have just begun to, with the ConfigMap that says so.</summary>
    public IReadOnlyDictionary<string, ConfigMap> Closures { get; init; } = new Dictionary<string, ConfigMap>();

    /// <summary>Claims of a group that elected its master, which members with fixed roles have or would have.</summary>
    public IReadOnlyList<PersistentVolumeClaim> ElectedClaims { get; init; } = [];

    /// <summary>Claims of members that never left their group, and that would not be members of it if it were made as it is asked for; by name.</summary>
    public IReadOnlyList<PersistentVolumeClaim> LeftOutClaims { get; init; } = [];

    /// <summary>Returns true when a group is new and was never opened to producers.</summary>
    public bool IsClosed(string group) => Closures.GetValueOrDefault(group) is { } closure && GroupClosure.IsClosed(closure);

    /// <summary>Returns the number of members that a ConfigMap names; null when that is not known.</summary>
    public int? ListOf(string? configuration) => configuration is not null && Lists.TryGetValue(configuration, out int members) ? members : null;

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

    public static bool IsReady(Pod pod) => Readiness(pod) is not null;

    /// <summary>The condition that says that the pod serves; null when it does not.</summary>
    public static PodCondition? Readiness(Pod pod) =>
        pod.Status?.Conditions?.Find(static condition => condition is { Type: "Ready", Status: ConditionStatus.True });

    private static bool IsObserved(Deployment deployment, long? observedGeneration) => (observedGeneration ?? 0) >= (deployment.Metadata.Generation ?? 0);
}
