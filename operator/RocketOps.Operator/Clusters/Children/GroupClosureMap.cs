using System.Globalization;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>The ConfigMap that keeps producers out of a new group, as it is made; what becomes of it then: <see cref="GroupClosure"/>.</summary>
internal static class GroupClosureMap
{
    public static ConfigMap Build(ClusterContext context, string group) => new()
    {
        Metadata = ChildMetadata.For(context, GroupClosure.NameOf(group), ClusterLabels.ForGroup(context.Names.Cluster, group)),
        Data = new(StringComparer.Ordinal) { [BrokerPermission.Key] = PermissionBits.Read.ToString(CultureInfo.InvariantCulture) },
    };
}
