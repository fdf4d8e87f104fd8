using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Pods;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Names pods in a message, with what is wrong with them.</summary>
internal static class PodWords
{
    // A status is read by people and kept in etcd: of many pods in trouble these are enough to see what is wrong.
    private const int MaxNamed = 5;

    public static string List(IReadOnlyCollection<string> entries, string separator = ", ") =>
        entries.Count <= MaxNamed ? string.Join(separator, entries) : string.Join(separator, entries.Take(MaxNamed)) + " and more";

    public static string WithTrouble(ObservedMember member, ClusterFindings findings) =>
        findings.Refused.Brokers.ContainsKey(member.Pod) ? $"{member.Pod}: the API server refuses it" : WithTrouble(member, findings.Observation);

    public static string WithTrouble(ObservedMember member, ClusterObservation observation) => $"{member.Pod}: {PodTrouble.Describe(observation.Pod(member.Pod))}";

    public static string WithTrouble(Pod pod) => $"{pod.Name()}: {PodTrouble.Describe(pod)}";

    public static string WithTrouble(IEnumerable<ObservedMember> members, ClusterFindings findings) => List([.. members.Select(member => WithTrouble(member, findings))], "; ");
}
