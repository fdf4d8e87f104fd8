using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// Additional objects of a group that elects its master: an identity whose rights end at its own Lease and its own slice, and addresses
/// that outlive pods: one per member, and one that follows the master. That one's Service has no selector; the member that leads writes the
/// slice.
/// </summary>
internal static class AutomaticGroup
{
    private const string LeaseGroup = "coordination.k8s.io";
    private const string SliceGroup = "discovery.k8s.io";
    private const string RbacGroup = "rbac.authorization.k8s.io";

    private static readonly (string, int)[] ClientPorts = [("remoting", Ports.Broker), ("fast", Ports.BrokerFast)];

    private static readonly (string, int)[] MemberPorts = [.. ClientPorts, ("ha", Ports.BrokerHa)];

    /// <summary>
    /// Lists the objects in an order in which none waits for a later one. The slice comes once its Service has an address, whose family it
    /// shares.
    /// </summary>
    public static IEnumerable<IKubernetesObject> Parts(ClusterContext context, string group)
    {
        yield return Account(context, group);
        yield return Rights(context, group);
        yield return Binding(context, group);
        if (!context.UsesServiceAddresses)
        {
            yield break;
        }

        for (int ordinal = 0; ordinal < Math.Max(context.CountedAmong(group), context.ListedOf(group)); ordinal++)
        {
            yield return MemberService(context, group, ordinal);
        }

        if (context.MasterAddress(group) is { } address)
        {
            yield return Slice(context, group, address);
        }
    }

    private static ServiceAccount Account(ClusterContext context, string group) => new()
    {
        Metadata = Metadata(context, group, ClusterNames.GroupAccount(group)),

        // Mounted by the pods that need it, where they look for it.
        AutomountServiceAccountToken = false,
    };

    /// <summary>A missing Lease is made by PUT, which names it: the right to make it is limited to this one as well.</summary>
    private static Role Rights(ClusterContext context, string group)
    {
        List<PolicyRule> rules = [new PolicyRule { ApiGroups = [LeaseGroup], Resources = ["leases"], ResourceNames = [group], Verbs = ["get", "watch", "create", "update"] }];
        if (context.UsesServiceAddresses)
        {
            rules.Add(new PolicyRule { ApiGroups = [SliceGroup], Resources = ["endpointslices"], ResourceNames = [ClusterNames.GroupMaster(group)], Verbs = ["get", "update"] });
        }

        return new Role { Metadata = Metadata(context, group, ClusterNames.GroupAccount(group)), Rules = rules };
    }

    private static RoleBinding Binding(ClusterContext context, string group)
    {
        string name = ClusterNames.GroupAccount(group);
        return new RoleBinding
        {
            Metadata = Metadata(context, group, name),
            RoleRef = new RoleRef { ApiGroup = RbacGroup, Kind = "Role", Name = name },
            Subjects = [new Subject { Kind = "ServiceAccount", Name = name, Namespace = context.Names.Namespace }],
        };
    }

    private static Service MemberService(ClusterContext context, string group, int ordinal)
    {
        string name = ClusterNames.Member(group, ordinal);
        Dictionary<string, string> selector = ClusterLabels.GroupSelector(context.Names.Cluster, group);
        selector[ClusterLabels.PodName] = name;
        Service service = ChildService.ClusterAddress(Metadata(context, group, name), selector, MemberPorts);

        // Members meet before either is ready.
        service.Spec!.PublishNotReadyAddresses = true;
        return service;
    }

    private static EndpointSlice Slice(ClusterContext context, string group, string address)
    {
        ObjectMeta metadata = Metadata(context, group, ClusterNames.GroupMaster(group));
        metadata.Labels!["kubernetes.io/service-name"] = ClusterNames.GroupMaster(group);
        return new EndpointSlice
        {
            Metadata = metadata,
            AddressType = address.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4",
            Ports = [.. ClientPorts.Select(static port => new EndpointPort { Name = port.Item1, Port = port.Item2, Protocol = "TCP" })],
        };
    }

    private static ObjectMeta Metadata(ClusterContext context, string group, string name) =>
        ChildMetadata.For(context, name, ClusterLabels.ForGroup(context.Names.Cluster, group));
}
