using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Metadata of the children: name, labels and the owner whose deletion takes them along.</summary>
internal static class ChildMetadata
{
    public static ObjectMeta For(ClusterContext context, string name, Dictionary<string, string> labels) => new()
    {
        Name = name,
        Namespace = context.Names.Namespace,
        Labels = labels,
        OwnerReferences = [context.Cluster.AsControllerReference()],
    };
}
