using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Identity of the brokers' pods. It holds no rights: brokers do not talk to the API, and no token is mounted.</summary>
internal static class BrokerServiceAccount
{
    public static ServiceAccount Build(ClusterContext context) => new()
    {
        Metadata = ChildMetadata.For(context, context.Names.ServiceAccount, ClusterLabels.ForCluster(context.Names.Cluster)),
        AutomountServiceAccountToken = false,
    };
}
