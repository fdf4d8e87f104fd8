using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Holds the name servers' configuration file; never changed, as <see cref="BrokerConfigMap"/>.</summary>
internal static class NameServerConfigMap
{
    public static ConfigMap Build(ClusterContext context)
    {
        Dictionary<string, string> files = new(StringComparer.Ordinal) { [NameServerConfigFile.FileName] = NameServerConfigFile.Render(context) };
        return new ConfigMap
        {
            Metadata = ChildMetadata.For(context, context.Names.NameServerConfig(ContentHash.Of(files)), ClusterLabels.ForNameServer(context.Names.Cluster)),
            Immutable = true,
            Data = files,
        };
    }
}
