using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// Which version's images a cluster has. What it asks for; without that, what it has: a new operator does not restart every cluster at once. Only a cluster that is new begins with the operator's own.
/// </summary>
internal static class ClusterVersion
{
    /// <param name="cluster">The object.</param>
    /// <param name="observation">Its workloads: of a cluster whose status does not tell its version, they do.</param>
    /// <param name="options">The operator's images, and whether clusters that ask for none follow them.</param>
    public static OperatorImages Images(BrokerCluster cluster, ClusterObservation observation, OperatorOptions options)
    {
        string? version = cluster.Spec.Version ?? (options.UpgradesClusters ? null : cluster.Status?.Version ?? Running(observation, options.Images));
        return version is null ? options.Images : options.Images.Of(version);
    }

    private static string? Running(ClusterObservation observation, OperatorImages images) =>
        observation.Sets.Select(set => images.VersionOf(Image(set))).FirstOrDefault(static version => version is not null);

    private static string? Image(StatefulSet set) => set.Spec?.Template?.Spec?.Containers?.Find(static container => container.Name == BrokerStatefulSet.ContainerName)?.Image;
}
