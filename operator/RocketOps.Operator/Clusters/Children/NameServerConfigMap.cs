using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Holds the name servers' configuration file.</summary>
internal static class NameServerConfigMap
{
    public static ConfigMap Build(ClusterContext context) => new()
    {
        Metadata = ChildMetadata.For(context, context.Names.NameServerConfig, ClusterLabels.ForNameServer(context.Names.Cluster)),
        Data = Files(context),
    };

    public static Dictionary<string, string> Files(ClusterContext context) => new(StringComparer.Ordinal)
    {
        [NameServerConfigFile.FileName] = NameServerConfigFile.Render(context),
    };
}
