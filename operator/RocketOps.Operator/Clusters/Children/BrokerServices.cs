using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Services of a broker group: names for its members, and one address per role.</summary>
internal static class BrokerServices
{
    private static readonly (string, int)[] ClientPorts = [("remoting", Ports.Broker), ("fast", Ports.BrokerFast)];

    private static readonly (string, int)[] MemberPorts = [.. ClientPorts, ("ha", Ports.BrokerHa)];

    public static Service Headless(ClusterContext context, string group) => ChildService.Headless(
        Metadata(context, group, ClusterNames.GroupHeadless(group)),
        ClusterLabels.GroupSelector(context.Names.Cluster, group),
        MemberPorts);

    public static Service Master(ClusterContext context, string group) => context.UsesServiceAddresses
        ? ChildService.ClusterAddress(Metadata(context, group, ClusterNames.GroupMaster(group)), selector: null, ClientPorts)
        : Role(context, group, ClusterNames.GroupMaster(group), ClusterLabels.MasterRole);

    public static Service Slave(ClusterContext context, string group) => Role(context, group, ClusterNames.GroupSlave(group), ClusterLabels.SlaveRole);

    private static Service Role(ClusterContext context, string group, string name, string role) => ChildService.ClusterAddress(
        Metadata(context, group, name),
        ClusterLabels.RoleSelector(context.Names.Cluster, group, role),
        ClientPorts);

    private static ObjectMeta Metadata(ClusterContext context, string group, string name) =>
        ChildMetadata.For(context, name, ClusterLabels.ForGroup(context.Names.Cluster, group));
}
