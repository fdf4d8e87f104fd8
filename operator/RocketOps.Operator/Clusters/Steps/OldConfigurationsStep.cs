using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Clusters.Revisions;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Deletes ConfigMaps that no pod starts with any more. A pod that runs keeps its own, whatever is asked for since: its program finds there what it was started with when it
/// starts again. The last ones go in a later pass than the pods they belonged to.
/// </summary>
internal sealed class OldConfigurationsStep
{
    private readonly IKubernetesClient _client;
    private readonly IEntityCache<ConfigMap> _maps;

    public OldConfigurationsStep(IKubernetesClient client, IEntityCache<ConfigMap> maps)
    {
        _client = client;
        _maps = maps;
    }

    /// <param name="context">The cluster.</param>
    /// <param name="observation">Its workloads, not older than what was applied in this pass.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="current">ConfigMaps that the current templates name; all of them were applied.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task RunAsync(
        ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, IReadOnlySet<string> current, CancellationToken cancellationToken)
    {
        HashSet<string> used = Used(observation.Pods.Concat(observation.NameServerPods));
        foreach (StatefulSet set in observation.Sets)
        {
            used.UnionWith(MadeWith(context, set));
        }

        ConfigMap[] old =
        [
            .. _maps.OwnedBy(context.Cluster.Uid()).Where(map =>
                !map.IsDeleting() && !SavedSet.IsOne(map) && !GroupClosure.IsOne(map) && !LiveConfigMap.IsOne(context, map) && !current.Contains(map.Name()) && !used.Contains(map.Name()) && NoPodIsMadeWith(map, context, observation, groups)),
        ];
        if (old.Length == 0)
        {
            return;
        }

        // The cache lags behind: a pod that is not in it yet may start with one of them.
        ListOptions options = new ListOptions { Namespace = context.Names.Namespace, LabelSelector = $"{ClusterLabels.Cluster}={context.Names.Cluster}" };
        HashSet<string> live = Used((await _client.ListAsync<Pod>(options, cancellationToken)).Items);
        foreach (ConfigMap map in old.Where(map => !live.Contains(map.Name())))
        {
            DeleteOptions same = new DeleteOptions { Preconditions = new Preconditions { Uid = map.Uid() } };
            try
            {
                await _client.DeleteAsync<ConfigMap>(map.Name(), context.Names.Namespace, same, cancellationToken);
            }
            catch (KubernetesException replaced) when (replaced.IsConflict)
            {
                // Another one of this name was made since; the next pass sees it.
            }
        }
    }

    /// <summary>
    /// Returns the names of the ConfigMaps that a set makes pods with, and would make them with if it got its last good template back.
    /// </summary>
    private static IEnumerable<string> MadeWith(ClusterContext context, StatefulSet set) =>
        new[] { set.Spec?.Template, context.Notes.Of(set).LastGood is { } good ? TemplateText.Read(good) : null }.Select(static template => KeptConfigurations.ConfigOf(template?.Spec)).OfType<string>();

    /// <summary>A set makes pods from its newest template alone. An older ReplicaSet of the name servers may make one again until the newest has replaced it.</summary>
    private static bool NoPodIsMadeWith(ConfigMap map, ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups) =>
        map.Label(ClusterLabels.Group) is { } name
            ? groups.FirstOrDefault(group => group.Name == name) is { Observed: true }
            : observation.NameServersSettled(context.Spec.NameServer.Replicas);

    private static HashSet<string> Used(IEnumerable<Pod> pods) => pods
        .SelectMany(static pod => pod.Spec?.Volumes ?? [])
        .Where(static volume => volume.Name == PodParts.ConfigVolume)
        .Select(static volume => volume.ConfigMap?.Name)
        .OfType<string>()
        .ToHashSet(StringComparer.Ordinal);
}
