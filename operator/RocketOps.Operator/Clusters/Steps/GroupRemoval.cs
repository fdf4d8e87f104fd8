using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Rights;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Removal of a group that nobody needs any more: its claims are released from its StatefulSet, and that is deleted.</summary>
internal sealed class GroupRemoval(IKubernetesClient client, LiveBrokers live, ClaimRights rights, IEventRecorder events)
{
    /// <summary>
    /// The right to claims that the operator lacks, without which no group may go: those that belong to its set would be lost with it.
    /// Null when it lacks none.
    /// </summary>
    public string? Lacking => rights.Lacking;

    /// <param name="context">The cluster.</param>
    /// <param name="group">The group as the pass saw it.</param>
    /// <param name="why">It may go, as the rest of a sentence.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    /// <returns>Whether its set was deleted; if not, a later pass looks again.</returns>
    public async Task<bool> RunAsync(ClusterContext context, ObservedGroup group, string why, CancellationToken cancellationToken)
    {
        // Caches lag behind: somebody may want the group back since.
        ClusterObservation now = await live.ReadAsync(context, new ClusterObservation(null, [], [], []), cancellationToken);
        if (now.Set(group.Name) is not { } set || set.Uid() != group.Set?.Uid() || set.IsDeleting())
        {
            return false;
        }

        if (!await live.IsAskedAsync(context, cancellationToken) || !await ReleaseClaimsAsync(context, set, cancellationToken))
        {
            return false;
        }

        DeleteOptions same = new DeleteOptions { PropagationPolicy = "Background", Preconditions = new Preconditions { Uid = set.Uid() } };
        try
        {
            await client.DeleteAsync<StatefulSet>(group.Name, context.Names.Namespace, same, cancellationToken);
        }
        catch (KubernetesException replaced) when (replaced.IsConflict)
        {
            // Made again since; the next pass sees it.
            return false;
        }

        events.Record(
            context.Cluster,
            EventType.Normal,
            "GroupRemoved",
            "Drain",
            $"{group.Name} leaves, {why}. The claims of its members stay: raising brokers.groups takes them up again.",
            set);
        return true;
    }

    /// <summary>
    /// Releases the set's claims: with storage.deletionPolicy Delete they would go with the set; they are to go with the cluster.
    /// </summary>
    /// <returns>Whether none of them belongs to the set.</returns>
    private async Task<bool> ReleaseClaimsAsync(ClusterContext context, StatefulSet set, CancellationToken cancellationToken)
    {
        if (set.Spec?.PersistentVolumeClaimRetentionPolicy?.WhenDeleted != nameof(StorageDeletionPolicy.Retain))
        {
            // The mark's apply sets it.
            return false;
        }

        ListOptions ofGroup = new ListOptions
        {
            Namespace = context.Names.Namespace,
            LabelSelector = $"{ClusterLabels.Cluster}={context.Names.Cluster},{ClusterLabels.Group}={set.Name()}",
        };
        foreach (PersistentVolumeClaim claim in (await client.ListAsync<PersistentVolumeClaim>(ofGroup, cancellationToken)).Items)
        {
            if (claim.Metadata.OwnerReferences?.Exists(owner => owner.Uid == set.Uid()) == true)
            {
                await Owners.RemoveAsync(client, claim, set.Uid(), cancellationToken);
            }
        }

        return true;
    }
}
