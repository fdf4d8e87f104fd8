namespace RocketOps.Operator.Clusters;

/// <summary>
/// Labels on what the operator makes. Selectors use the operator's own keys only: the recommended <c>app.kubernetes.io</c> ones are for people
/// and tools, and tools such as Argo CD rewrite them.
/// </summary>
internal static class ClusterLabels
{
    public const string Cluster = "rocketops.io/cluster";

    public const string Component = "rocketops.io/component";

    public const string Group = "rocketops.io/group";

    /// <summary>Set on broker pods by the operator, since all pods of a set share one template.</summary>
    public const string Role = "rocketops.io/role";

    /// <summary>Set by the StatefulSets' controller: selects one pod.</summary>
    public const string PodName = "statefulset.kubernetes.io/pod-name";

    public const string ManagedBy = "app.kubernetes.io/managed-by";

    public const string ManagedByValue = "rocketops-operator";

    public const string NameServerComponent = "nameserver";

    public const string BrokerComponent = "broker";

    public const string MasterRole = "master";

    public const string SlaveRole = "slave";

    /// <summary>Selects every child of a cluster.</summary>
    public static Dictionary<string, string> ForCluster(string cluster) => new(StringComparer.Ordinal)
    {
        [Cluster] = cluster,
        ["app.kubernetes.io/name"] = "rocketmq",
        ["app.kubernetes.io/part-of"] = "rocketops",
        [ManagedBy] = ManagedByValue,
    };

    public static Dictionary<string, string> ForNameServer(string cluster)
    {
        Dictionary<string, string> labels = ForCluster(cluster);
        labels[Component] = NameServerComponent;
        return labels;
    }

    public static Dictionary<string, string> ForGroup(string cluster, string group)
    {
        Dictionary<string, string> labels = ForCluster(cluster);
        labels[Component] = BrokerComponent;
        labels[Group] = group;
        return labels;
    }

    public static Dictionary<string, string> NameServerSelector(string cluster) => new(StringComparer.Ordinal)
    {
        [Cluster] = cluster,
        [Component] = NameServerComponent,
    };

    public static Dictionary<string, string> GroupSelector(string cluster, string group) => new(StringComparer.Ordinal)
    {
        [Cluster] = cluster,
        [Component] = BrokerComponent,
        [Group] = group,
    };

    public static Dictionary<string, string> RoleSelector(string cluster, string group, string role)
    {
        Dictionary<string, string> selector = GroupSelector(cluster, group);
        selector[Role] = role;
        return selector;
    }
}
