using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.LiveConfig;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// Holds the configuration that brokers take while they run, one file for all brokers of a cluster, which goes over the file that a start reads. Changed in place, and there when it is empty too: pods
/// mount it, and one that starts reads what is asked for now. Members that run are told by <c>LiveConfigStep</c>.
/// </summary>
internal static class LiveConfigMap
{
    /// <summary>Builds the map that the spec asks for.</summary>
    public static ConfigMap Build(ClusterContext context) => Build(context, LiveKeys.In(context.Spec.Brokers.Config), []);

    /// <param name="context">The cluster.</param>
    /// <param name="wanted">The file's keys.</param>
    /// <param name="resets">Keys that members are still to go back to the defaults of.</param>
    public static ConfigMap Build(ClusterContext context, IReadOnlyDictionary<string, string> wanted, IReadOnlyList<string> resets)
    {
        ConfigMap map = new()
        {
            Metadata = ChildMetadata.For(context, context.Names.LiveConfig, ClusterLabels.ForCluster(context.Names.Cluster)),

            // As brokers show them: a value that is only spelt otherwise changes nothing. An empty one means the default, whatever that is.
            Data = new(StringComparer.Ordinal)
            {
                [LiveValues.FileName] = PropertiesFile.Render(wanted.Select(static pair => KeyValuePair.Create(pair.Key, string.IsNullOrWhiteSpace(pair.Value) ? string.Empty : LiveKeys.Normal(pair.Key, pair.Value)))),
            },
        };
        map.Metadata.Annotations = resets.Count > 0 ? new(StringComparer.Ordinal) { [LiveValues.ResetsAnnotation] = string.Join(',', resets) } : null;
        return map;
    }

    /// <summary>Builds the map that the spec asks for, after one that was seen: keys that are gone are to be reset.</summary>
    public static ConfigMap Following(ClusterContext context, ConfigMap seen) =>
        Build(context, LiveKeys.In(context.Spec.Brokers.Config), LiveValues.Of(seen).ResetsFor(context.Spec.Brokers.Config));

    public static bool IsOne(ClusterContext context, IKubernetesObject child) => child is ConfigMap && child.Name() == context.Names.LiveConfig;
}
