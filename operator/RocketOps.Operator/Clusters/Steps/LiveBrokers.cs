using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Reads a cluster's brokers from the API server itself, for decisions that cannot be taken back: caches lag behind.</summary>
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
}
