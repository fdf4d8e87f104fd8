using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Entities;

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

    /// <summary>The wanted members of all groups, there or not.</summary>
    public IReadOnlyList<MemberState> Members(ClusterContext context, BrokerRegistrations registrations)
    {
        List<MemberState> members = new List<MemberState>();
        foreach (string group in context.Groups)
        {
            StatefulSet? set = Set(group);
            for (int ordinal = 0; ordinal < context.Spec.Brokers.Replicas; ordinal++)
            {
                members.Add(Member(group, ordinal, set, registrations));
            }
        }

        return members;
    }

    /// <summary>The controllers have seen the newest version of every set.</summary>
    public bool SetsObserved(ClusterContext context) =>
        context.Groups.All(group => Set(group) is { Status: { } status } set && IsObserved(set, status.ObservedGeneration));

    public static bool IsReady(Pod pod) => Readiness(pod) is not null;

    private static PodCondition? Readiness(Pod pod) =>
        pod.Status?.Conditions?.Find(static condition => condition is { Type: "Ready", Status: ConditionStatus.True });

    private MemberState Member(string group, int ordinal, StatefulSet? set, BrokerRegistrations registrations)
    {
        string name = ClusterNames.Member(group, ordinal);
        BrokerMemberRole role = ordinal == 0 ? BrokerMemberRole.Master : BrokerMemberRole.Slave;
        Pod? pod = Pod(name);

        // A pod that belongs to nobody or to another incarnation of the set is about to be collected: the member is not there.
        if (pod is null || set is null || pod.ControllerOwner()?.Uid != set.Uid())
        {
            return new MemberState(group, name, ordinal, role, Uid: null, Ready: false, Outdated: false, Terminating: false, Registered: registrations.Known ? false : null);
        }

        return new MemberState(
            group,
            name,
            ordinal,
            role,
            pod.Uid(),
            Ready: IsReady(pod),
            Outdated: IsOutdated(pod, set),
            Terminating: pod.IsDeleting(),
            Registered: registrations.Known ? pod.Status?.PodIP is { Length: > 0 } podIP && registrations.Contains(group, ordinal, podIP) : null,
            ReadySince: Readiness(pod)?.LastTransitionTime);
    }

    /// <summary>
    /// Whether the set would make the pod differently today. Compared by the set's own revision, so that <c>kubectl rollout restart</c> counts too; unknown, and
    /// so false, until the set's controller has seen the newest template.
    /// </summary>
    private static bool IsOutdated(Pod pod, StatefulSet set) =>
        set.Status is { UpdateRevision.Length: > 0 } status
        && IsObserved(set, status.ObservedGeneration)
        && pod.Label("controller-revision-hash") is { } revision
        && revision != status.UpdateRevision;

    private static bool IsObserved(IKubernetesObject workload, long? observedGeneration) => (observedGeneration ?? 0) >= (workload.Metadata.Generation ?? 0);
}
