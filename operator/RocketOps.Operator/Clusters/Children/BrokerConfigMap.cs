using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Holds one configuration file per member of a group; each pod starts with the one of its own name.</summary>
internal static class BrokerConfigMap
{
    public static ConfigMap Build(ClusterContext context, string group) => new()
    {
        Metadata = ChildMetadata.For(context, ClusterNames.GroupConfig(group), ClusterLabels.ForGroup(context.Names.Cluster, group)),
        Data = Files(context, group, context.Spec.Brokers.Replicas),
    };

    /// <summary>
    /// Changes when pods have to restart. Of the master's file and a slave's, whether there is a slave or not: the files of all slaves differ by their brokerId alone,
    /// and one member more or less is no reason to restart the others.
    /// </summary>
    public static string Hash(ClusterContext context, string group) => ContentHash.Of(Files(context, group, members: 2));

    private static Dictionary<string, string> Files(ClusterContext context, string group, int members) => Enumerable.Range(0, members).ToDictionary(
        ordinal => ClusterNames.MemberConfigFile(group, ordinal),
        ordinal => BrokerConfigFile.Render(context, group, ordinal),
        StringComparer.Ordinal);
}
