using System.Text.Json.Nodes;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Reads the Leases of groups that elect their master, and makes them the cluster's, so that they go with it. Read from the server in each pass, as what is done follows from
/// them; renewals, of which the watch tells, bring no pass (<see cref="LeaseClock"/>).
/// </summary>
internal sealed class LeasesStep
{
    private readonly IKubernetesClient _client;
    private readonly LeaseClock _clock;

    public LeasesStep(IKubernetesClient client, LeaseClock clock)
    {
        _client = client;
        _clock = clock;
    }

    public async Task<IReadOnlyDictionary<string, GroupLease>> RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        Dictionary<string, GroupLease> leases = new(StringComparer.Ordinal);
        if (!context.IsAutomatic)
        {
            return leases;
        }

        Lease?[] read = await Task.WhenAll(context.Groups.Select(group => _client.GetAsync<Lease>(group, context.Names.Namespace, cancellationToken)));
        foreach (Lease lease in read.OfType<Lease>())
        {
            _clock.Saw(context.Cluster.Key(), lease);
            leases[lease.Name()] = GroupLease.Of(lease) with { Expired = _clock.IsExpired(lease) };
            if (!(lease.Metadata.OwnerReferences ?? []).Exists(owner => owner.Uid == context.Cluster.Uid()))
            {
                await AdoptAsync(context, lease, cancellationToken);
            }
        }

        return leases;
    }

    /// <summary>A member makes the Lease and knows nothing of the cluster's object. A Lease of an earlier cluster of this name becomes this one's, as its claims do.</summary>
    private async Task AdoptAsync(ClusterContext context, Lease lease, CancellationToken cancellationToken)
    {
        BrokerCluster cluster = context.Cluster;
        JsonObject owner = new() { ["apiVersion"] = cluster.ApiVersion, ["kind"] = cluster.Kind, ["name"] = cluster.Name(), ["uid"] = cluster.Uid() };
        JsonObject labels = [];
        foreach ((string key, string value) in ClusterLabels.ForGroup(context.Names.Cluster, lease.Name()))
        {
            labels[key] = value;
        }

        JsonObject patch = new() { ["metadata"] = new JsonObject { ["uid"] = lease.Uid(), ["labels"] = labels, ["ownerReferences"] = new JsonArray(owner) } };
        try
        {
            await _client.PatchAsync<Lease>(lease.Name(), context.Names.Namespace, KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
        }
        catch (KubernetesException gone) when (gone.IsNotFound || gone.IsConflict || gone.IsInvalid)
        {
            // Deleted or made anew since it was read; the next pass sees the other one.
        }
    }
}
