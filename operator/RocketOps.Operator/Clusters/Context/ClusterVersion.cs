using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Context;

/// <summary>
/// Version of the images that a cluster has: the one it asks for; without that, the one it has, as a new operator does not restart every
/// cluster at once. Only a cluster that is new begins with the operator's own.
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

    /// <summary>
    /// The version a status tells: what is asked for once all brokers have run with it, as whoever asks for nothing any more has that. Until then what ran before, which is what one gets back that fails; null where nothing did.
    /// </summary>
    /// <param name="context">The cluster.</param>
    /// <param name="observation">Its workloads, with what this pass has noted of them.</param>
    public static string? Noted(ClusterContext context, ClusterObservation observation)
    {
        // Brokers of an image that is named are of no version: the name servers are.
        bool hasRun = context.Spec.Brokers.Image is null
            ? observation.Sets.Count > 0 && observation.Sets.All(set => context.Images.VersionOf(Image(Served(set, context.Notes.Of(set)))) == context.Version)
            : observation.NameServersSettled(context.Spec.NameServer.Replicas);
        return hasRun ? context.Version : context.Cluster.Status?.Version;
    }

    private static string? Running(ClusterObservation observation, OperatorImages images) =>
        observation.Sets.Select(set => images.VersionOf(Image(Served(set, GroupRevision.Of(set))))).FirstOrDefault(static version => version is not null);

    /// <summary>
    /// The template of a set that its pods have served with, its own or the one before, which it gets back as long as not all do with its own; null when there is none. Of a set without notes nothing else is known than that
    /// it is there.
    /// </summary>
    private static PodTemplateSpec? Served(StatefulSet set, GroupRevision revision) =>
        revision.LastGood is { } good ? TemplateText.Read(good) : revision.IsTried ? null : set.Spec?.Template;

    private static string? Image(PodTemplateSpec? template) => template?.Spec?.Containers?.Find(static container => container.Name == PodParts.BrokerContainer)?.Image;
}
