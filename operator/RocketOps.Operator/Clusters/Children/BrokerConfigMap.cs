using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Holds one configuration file per member of a group; each pod starts with the one of its own name.</summary>
internal static class BrokerConfigMap
{
    public static ConfigMap Build(ClusterContext context, string group) => new()
    {
        Metadata = ChildMetadata.For(context, ClusterNames.GroupConfig(group), ClusterLabels.ForGroup(context.Names.Cluster, group)),
        Data = Files(context, group),
    };

    public static Dictionary<string, string> Files(ClusterContext context, string group)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var ordinal = 0; ordinal < context.Spec.Brokers.Replicas; ordinal++)
        {
            files[ClusterNames.MemberConfigFile(group, ordinal)] = BrokerConfigFile.Render(context, group, ordinal);
        }

        return files;
    }
}
