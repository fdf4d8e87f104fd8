using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>The headless Service brokers register through and the one clients use.</summary>
internal static class NameServerServices
{
    private static readonly (string, int)[] RemotingPort = [("remoting", Ports.NameServer)];

    public static Service Headless(ClusterContext context) =>
        ChildService.Headless(Metadata(context, context.Names.NameServerHeadless), ClusterLabels.NameServerSelector(context.Names.Cluster), RemotingPort);

    public static Service Client(ClusterContext context) =>
        ChildService.ClusterAddress(Metadata(context, context.Names.NameServer), ClusterLabels.NameServerSelector(context.Names.Cluster), RemotingPort);

    private static ObjectMeta Metadata(ClusterContext context, string name) => ChildMetadata.For(context, name, ClusterLabels.ForNameServer(context.Names.Cluster));
}
