using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Marks;

namespace RocketOps.Operator.Clusters.Context;

/// <summary>
/// Member lists of a group that elects its master, as the workloads show them. A list is the configuration's <c>groupMembers</c>: ordinals
/// from 0 on, so its length says all.
/// </summary>
/// <param name="Pods">So many that the last pod that is there, ending or not, is among them; but for one that is not named by the configuration it was made with, as where somebody scaled the set.</param>
/// <param name="Template">Length of the list that new pods start with; null when it cannot be told.</param>
/// <param name="Longest">Length of the longest list in use, the template's among them; null when none can be told.</param>
/// <param name="Shortest">Length of the shortest list that a pod started with; null when none can be told.</param>
/// <param name="Joining">Ordinal from which on members are new, as the set notes it; null when none is.</param>
internal sealed record MemberLists(int Pods, int? Template, int? Longest, int? Shortest, int? Joining)
{
    public static readonly MemberLists None = new(0, null, null, null, null);

    public static MemberLists Of(string group, ClusterObservation observation)
    {
        Pod[] pods = [.. observation.Pods.Where(pod => pod.Label(ClusterLabels.Group) == group)];
        StatefulSet? set = observation.Set(group);
        int? template = observation.ListOf(KeptConfigurations.ConfigOf(set?.Spec?.Template?.Spec));
        int?[] lists = [.. pods.Select(pod => observation.ListOf(KeptConfigurations.ConfigOf(pod.Spec)))];
        return new MemberLists(
            pods.Where((pod, i) => !(ClusterNames.OrdinalOf(group, pod.Name()) >= lists[i])).Max(pod => ClusterNames.OrdinalOf(group, pod.Name()) + 1) ?? 0,
            template,
            lists.Append(template).Max(),
            lists.Min(),
            JoiningMark.Of(set));
    }

    /// <summary>Returns the number of members that a list must have to hold all that the Lease names.</summary>
    public static int NamedBy(string group, GroupLease lease) =>
        lease.InSync.Append(lease.Holder).OfType<string>().Max(name => ClusterNames.OrdinalOf(group, name) + 1) ?? 0;
}
