using System.Text.Json.Nodes;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Reads the Leases of groups that elect their master, and makes them the cluster's, so that they go with it. Read from the server in each pass, as what is done follows from
/// them; renewals, of which the watch tells, bring no pass (<see cref="LeaseClock"/>).
/// </summary>
internal sealed class LeasesStep
{
    private readonly IKubernetesClient _client;
    private readonly IEntityCache<Lease> _cache;
    private readonly LeaseClock _clock;

    public LeasesStep(IKubernetesClient client, IEntityCache<Lease> cache, LeaseClock clock)
    {
        _client = client;
        _cache = cache;
        _clock = clock;
    }

    /// <summary>The Leases as the server has them, or, where it does not say, as the watch last saw them; the cluster's own from now on.</summary>
    /// <param name="context">The cluster.</param>
    /// <param name="adopts">Whether a Lease that is not the cluster's yet may be written.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<LeasesOutcome> RunAsync(ClusterContext context, bool adopts, CancellationToken cancellationToken)
    {
        LeasesOutcome outcome = LeasesOutcome.None;
        if (!context.IsAutomatic)
        {
            return outcome;
        }

        string[] groups = [.. context.Groups];
        (Lease? Lease, Exception? Failure)[] read = await Task.WhenAll(groups.Select(group => TryReadAsync(context, group, cancellationToken)));
        Dictionary<string, GroupLease> leases = new(StringComparer.Ordinal);
        for (int i = 0; i < read.Length; i++)
        {
            string group = groups[i];
            if (read[i].Failure is { } failure)
            {
                outcome = outcome with { Unread = outcome.Unread ?? ApiFailures.Describe($"Reading Lease {group}", failure) };
            }

            if (read[i].Lease is not { } lease)
            {
                continue;
            }

            if (LeaseOwnership.ForeignBecause(context, lease) is { } foreign)
            {
                outcome = outcome with { Foreign = outcome.Foreign ?? new Problem(Reasons.ResourceConflict, foreign) };
                continue;
            }

            leases[group] = Seen(context, lease);
            if (adopts && !LeaseOwnership.IsOwned(context, lease))
            {
                outcome = outcome with { Unadopted = await AdoptAsync(context, lease, cancellationToken) ?? outcome.Unadopted };
            }
        }

        return outcome with { Leases = leases };
    }

    /// <summary>The Leases as the server has them now.</summary>
    /// <exception cref="KubernetesException">The server does not say.</exception>
    public async Task<IReadOnlyDictionary<string, GroupLease>> ReadAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        Lease?[] read = context.IsAutomatic ? await Task.WhenAll(context.Groups.Select(group => _client.GetAsync<Lease>(group, context.Names.Namespace, cancellationToken))) : [];
        return read.OfType<Lease>().Where(lease => LeaseOwnership.ForeignBecause(context, lease) is null).ToDictionary(static lease => lease.Name(), lease => Seen(context, lease), StringComparer.Ordinal);
    }

    private async Task<(Lease? Lease, Exception? Failure)> TryReadAsync(ClusterContext context, string group, CancellationToken cancellationToken)
    {
        try
        {
            return (await _client.GetAsync<Lease>(group, context.Names.Namespace, cancellationToken), null);
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            return (_cache.Get(context.Names.Namespace, group), failure);
        }
    }

    private GroupLease Seen(ClusterContext context, Lease lease)
    {
        _clock.Saw(context.Cluster.Key(), lease);
        return GroupLease.Of(lease) with { Expired = _clock.IsExpired(lease) };
    }

    /// <summary>A member makes the Lease and knows nothing of the cluster's object. A Lease of an earlier cluster of this name becomes this one's, as its claims do.</summary>
    /// <returns>Why it could not be written; null when it was, or is another one by now.</returns>
    private async Task<Problem?> AdoptAsync(ClusterContext context, Lease lease, CancellationToken cancellationToken)
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
            return null;
        }
        catch (KubernetesException gone) when (gone.IsNotFound || gone.IsConflict || gone.IsInvalid)
        {
            // Deleted or made anew since it was read; the next pass sees the other one.
            return null;
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            return ApiFailures.Describe($"Making Lease {lease.Name()} the cluster's", failure);
        }
    }
}
