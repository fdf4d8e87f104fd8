using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Deletes the Services of members that have left groups that elect their master, once nobody counts them among the group any more. Claims stay, with a note that their member has left.</summary>
internal sealed class GoneMembersStep
{
    private readonly IKubernetesClient _client;
    private readonly IEntityCache<Service> _services;
    private readonly ElectedClaimsStep _claims;

    public GoneMembersStep(IKubernetesClient client, IEntityCache<Service> services, ElectedClaimsStep claims)
    {
        _client = client;
        _services = services;
        _claims = claims;
    }

    /// <param name="context">The cluster.</param>
    /// <param name="groups">Its groups, not older than what was applied in this pass.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task RunAsync(ClusterContext context, IReadOnlyList<ObservedGroup> groups, CancellationToken cancellationToken)
    {
        if (!context.IsAutomatic)
        {
            return;
        }

        // All that run were made from the newest template, and so from the list that is in it.
        foreach (ObservedGroup group in groups.Where(static group =>
            group.Observed && !group.Outdated.Any() && group.Members.All(static member => member.Live.Uid is not null)))
        {
            int counted = Math.Max(context.CountedAmong(group.Name), Math.Max(context.ListedOf(group.Name), context.ListsOf(group.Name).Longest ?? 0));
            await _claims.NoteLeftAsync(context, group.Name, counted, cancellationToken);
            IEnumerable<Service> left = _services.OwnedBy(context.Cluster.Uid()).Where(service =>
                context.UsesServiceAddresses
                && !service.IsDeleting()
                && service.Label(ClusterLabels.Group) == group.Name
                && ClusterNames.OrdinalOf(group.Name, service.Name()) >= counted);
            foreach (Service gone in left)
            {
                DeleteOptions same = new DeleteOptions { Preconditions = new Preconditions { Uid = gone.Uid() } };
                try
                {
                    await _client.DeleteAsync<Service>(gone.Name(), context.Names.Namespace, same, cancellationToken);
                }
                catch (KubernetesException replaced) when (replaced.IsConflict)
                {
                    // Another one of this name was made since; the next pass sees it.
                }
            }
        }
    }
}
