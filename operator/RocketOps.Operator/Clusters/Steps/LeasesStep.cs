using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Looks at the Leases of groups that elect their master, and makes them the cluster's, so that they go with it. The watch's are good for looking, and cost no request however many groups there are and however long one
/// waits; what moves a pod or the lead is decided on what the server has then (<see cref="ReadAsync(ClusterContext, CancellationToken)"/>). Renewals bring no pass (<see cref="LeaseClock"/>).
/// </summary>
internal sealed class LeasesStep
{
    private readonly IKubernetesClient _client;
    private readonly IEntityCache<Lease> _cache;
    private readonly IEntityCache<PersistentVolumeClaim> _claims;
    private readonly LeaseClock _clock;

    private readonly ConcurrentDictionary<(ObjectKey Cluster, string Group), string> _written = new();

    public LeasesStep(IKubernetesClient client, IEntityCache<Lease> cache, IEntityCache<PersistentVolumeClaim> claims, LeaseClock clock)
    {
        _client = client;
        _cache = cache;
        _claims = claims;
        _clock = clock;
    }

    /// <summary>The Leases as the watch saw them, or the server has them where that is not enough; the cluster's own from now on.</summary>
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
        (Lease? Lease, Exception? Failure)[] read = await Task.WhenAll(groups.Select(group => FindAsync(context, group, cancellationToken)));
        Dictionary<string, GroupLease> leases = new(StringComparer.Ordinal);
        Dictionary<string, Problem> unread = new(StringComparer.Ordinal);
        Dictionary<string, Problem> foreigners = new(StringComparer.Ordinal);
        for (int i = 0; i < read.Length; i++)
        {
            string group = groups[i];
            if (read[i].Failure is { } failure)
            {
                unread[group] = ApiFailures.Describe($"Reading Lease {group}", failure);
            }

            if (read[i].Lease is not { } lease)
            {
                continue;
            }

            if (WhyForeign(context, lease) is { } foreign)
            {
                foreigners[group] = foreign;
                continue;
            }

            leases[group] = Read(lease);
            if (adopts && !LeaseBelonging.IsMarked(context, lease))
            {
                outcome = outcome with { Unadopted = await AdoptAsync(context, lease, cancellationToken) ?? outcome.Unadopted };
            }
        }

        return outcome with { Leases = leases, Unreadable = unread, Foreign = foreigners };
    }

    /// <summary>The Leases as the server has them now.</summary>
    /// <exception cref="KubernetesException">The server does not say.</exception>
    public async Task<IReadOnlyDictionary<string, GroupLease>> ReadAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        Lease?[] read = context.IsAutomatic ? await Task.WhenAll(context.Groups.Select(group => ReadAsync(context, group, cancellationToken))) : [];
        return read.OfType<Lease>().ToDictionary(static lease => lease.Name(), Read, StringComparer.Ordinal);
    }

    /// <summary>The Lease of one group as the server has it now; null while there is none of its own.</summary>
    /// <exception cref="KubernetesException">The server does not say.</exception>
    public async Task<Lease?> ReadAsync(ClusterContext context, string group, CancellationToken cancellationToken)
    {
        if (await _client.GetAsync<Lease>(group, context.Names.Namespace, cancellationToken) is not { } lease || WhyForeign(context, lease) is not null)
        {
            return null;
        }

        _clock.Read(context.Cluster.Key(), lease);
        return lease;
    }

    /// <summary>Notes what this operator has written: a watch that has not come so far shows an older one.</summary>
    public void Wrote(ClusterContext context, Lease lease) => _written[(context.Cluster.Key(), lease.Name())] = lease.Metadata.ResourceVersion ?? string.Empty;

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster)
    {
        foreach ((ObjectKey Cluster, string Group) written in _written.Keys.Where(written => written.Cluster == cluster))
        {
            _written.TryRemove(written, out _);
        }
    }

    /// <summary>
    /// The server is asked for a Lease that the watch has not seen, as one that is not labelled yet; that nobody seems to renew, as the watch may stand still; and that this operator has written since.
    /// </summary>
    private Task<(Lease? Lease, Exception? Failure)> FindAsync(ClusterContext context, string group, CancellationToken cancellationToken) =>
        _cache.Get(context.Names.Namespace, group) is { } seen && !_clock.IsOverdue(seen) && !ResourceVersions.IsNewer(_written.GetValueOrDefault((context.Cluster.Key(), group)), seen.Metadata.ResourceVersion)
            ? Task.FromResult<(Lease?, Exception?)>((seen, null))
            : TryReadAsync(context, group, cancellationToken);

    private async Task<(Lease? Lease, Exception? Failure)> TryReadAsync(ClusterContext context, string group, CancellationToken cancellationToken)
    {
        try
        {
            Lease? lease = await _client.GetAsync<Lease>(group, context.Names.Namespace, cancellationToken);
            if (lease is not null && WhyForeign(context, lease) is null)
            {
                _clock.Read(context.Cluster.Key(), lease);
            }

            return (lease, null);
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            return (_cache.Get(context.Names.Namespace, group), failure);
        }
    }

    private GroupLease Read(Lease lease) => GroupLease.Of(lease) with { Expired = _clock.IsExpired(lease), Overdue = _clock.IsOverdue(lease), Doubtful = _clock.IsDoubtful(lease) };

    private Problem? WhyForeign(ClusterContext context, Lease lease) => LeaseBelonging.WhyForeign(context, lease, id => HasStoresOf(context, lease.Name(), id));

    /// <summary>The status has told of that group, or the members' claims are noted as its.</summary>
    private bool HasStoresOf(ClusterContext context, string group, string groupId) =>
        context.Cluster.Status?.Groups?.Find(known => known.Name == group)?.GroupId == groupId
        || Enumerable.Range(0, BrokersSpec.MaxReplicas).Any(ordinal => _claims.Get(context.Names.Namespace, ClusterNames.MemberClaim(group, ordinal))?.Annotation(ElectedClaim.GroupIdAnnotation) == groupId);

    /// <summary>A member makes the Lease and knows nothing of the cluster's object. A Lease of an earlier cluster of this name becomes this one's with its claims.</summary>
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
            Wrote(context, await _client.PatchAsync<Lease>(lease.Name(), context.Names.Namespace, KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken));
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
