using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// Holds one configuration file per member of a group; each pod starts with the one of its own name. Never changed: another content is another ConfigMap, named by it, so that
/// a program which starts again in its pod finds what it was started with, whatever was asked for since.
/// </summary>
internal static class BrokerConfigMap
{
    /// <summary>
    /// Builds the map with the files of as many members as a group may ever have: those of slaves differ by their brokerId alone, and one
    /// member more or less is no reason to restart the others. A group that elects its master names its members in each file, and has as
    /// many files as it names members.
    /// </summary>
    public static ConfigMap Build(ClusterContext context, string group)
    {
        Dictionary<string, string> files = Enumerable.Range(0, context.IsAutomatic ? context.ListedOf(group) : BrokersSpec.MaxReplicas).ToDictionary(
            ordinal => ClusterNames.MemberConfigFile(group, ordinal),
            ordinal => BrokerConfigFile.Render(context, group, ordinal),
            StringComparer.Ordinal);
        return new ConfigMap
        {
            Metadata = ChildMetadata.For(context, ClusterNames.GroupConfig(group, ContentHash.Of(files)), ClusterLabels.ForGroup(context.Names.Cluster, group)),
            Immutable = true,
            Data = files,
        };
    }
}
