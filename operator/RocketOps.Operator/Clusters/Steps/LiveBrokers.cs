using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Reads a cluster and its brokers from the API server itself, for decisions that cannot be taken back: caches lag behind.</summary>
internal sealed class LiveBrokers
{
    private readonly IKubernetesClient _client;

    public LiveBrokers(IKubernetesClient client) => _client = client;

    /// <returns>The observation with the sets and the broker pods that are there now.</returns>
    public async Task<ClusterObservation> ReadAsync(ClusterContext context, ClusterObservation observation, CancellationToken cancellationToken)
    {
        ListOptions options = new ListOptions
        {
            Namespace = context.Names.Namespace,
            LabelSelector = $"{ClusterLabels.Cluster}={context.Names.Cluster},{ClusterLabels.Component}={ClusterLabels.BrokerComponent}",
        };
        KubernetesList<StatefulSet> sets = await _client.ListAsync<StatefulSet>(options, cancellationToken);
        KubernetesList<Pod> pods = await _client.ListAsync<Pod>(options, cancellationToken);
        return observation with { Sets = sets.Items, Pods = pods.Items };
    }

    /// <summary>
    /// Returns true when the cluster still asks for what the pass saw: somebody may have paused or protected it since, or want back what is
    /// about to go. The last look before it goes.
    /// </summary>
    public async Task<bool> IsAskedAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetAsync<BrokerCluster>(context.Names.Cluster, context.Names.Namespace, cancellationToken) is { } asked
                && asked.Uid() == context.Cluster.Uid()
                && !asked.IsDeleting()
                && asked.Metadata.Generation == context.Cluster.Metadata.Generation
                && ClusterAnnotations.AgreeOnRemovals(asked, context.Cluster);
        }
        catch (InvalidDataException)
        {
            // It cannot be read any more, so it asks for something else.
            return false;
        }
    }
}
