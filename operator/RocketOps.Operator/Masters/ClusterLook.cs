using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Masters;

/// <summary>Looks from an object of a cluster at the cluster's masters, or says why that cannot be done yet.</summary>
internal sealed class ClusterLook<TEntry>(IEntityCache<BrokerCluster> clusters, ClusterAdmins admins, MasterRounds<TEntry> rounds)
    where TEntry : class
{
    /// <summary>Those of some objects that their cluster admits: the others decide nothing there.</summary>
    public IEnumerable<TEntity> Admitted<TEntity>(ObjectKey key, IEnumerable<TEntity> objects)
        where TEntity : class, IKubernetesObject
    {
        BrokerCluster? cluster = clusters.Get(key);
        return objects.Where(entity => entity.Namespace() == key.Namespace || cluster?.Admits(entity.Namespace()) == true);
    }

    /// <param name="entity">The object.</param>
    /// <param name="key">Its cluster.</param>
    /// <param name="isSettled">Whether its status speaks of its present spec, and of everywhere on that cluster it is asked to be.</param>
    /// <param name="conditions">Of its status.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<Look<TEntry>> AsideAsync(IKubernetesObject entity, ObjectKey key, Func<BrokerCluster, bool> isSettled, IEnumerable<Condition>? conditions, CancellationToken cancellationToken)
    {
        BrokerCluster? cluster = clusters.Get(key);
        if (cluster is null && key.Namespace == entity.Namespace() && clusters.Unreadable.ContainsKey(key))
        {
            return new Look<TEntry>(null, new Problem(Reasons.ClusterNotReady, $"This operator cannot read BrokerCluster {key.Name}, whose status says what to set right."));
        }

        if (cluster is null || cluster.IsDeleting() || !cluster.Admits(entity.Namespace()))
        {
            // The same words for a cluster that is not there and one that does not want the object: whoever asks need not learn which.
            string consent = key.Namespace == entity.Namespace() ? "" : $" that allows objects of namespace {entity.Namespace()} (its spec.allowedNamespaces)";
            return new Look<TEntry>(null, new Problem(Reasons.ClusterNotFound, $"There is no BrokerCluster {key.Name} in namespace {key.Namespace}{consent}."));
        }

        bool isReady = Conditions.IsTrue(conditions, ConditionTypes.Ready);
        if (!isReady && cluster.Status?.ReadyNameServers is null or 0)
        {
            // Its status is watched, so the object comes back when that changes.
            return new Look<TEntry>(null, new Problem(Reasons.ClusterNotReady, $"BrokerCluster {ClusterReferences.Text(key, entity)} has no name server that serves yet."));
        }

        IRocketMqAdmin admin = admins.Get(cluster.Key(), new ClusterNames(cluster.Name(), cluster.Namespace()!).NameServerRegistrationAddress);
        MasterRound<TEntry> round = await rounds.AskAsync(cluster, admin, isReady && isSettled(cluster), cancellationToken);
        if (round.Silence is { } silence && (round.Masters.Count == 0 || silence.IsLong))
        {
            // Of an object that was fine nothing new is known until that lasts.
            return new Look<TEntry>(null, isReady && !silence.IsLong ? null : silence.Problem);
        }

        return new Look<TEntry>(new ClusterView<TEntry>(cluster, admin, round), null);
    }
}

/// <summary>A cluster's masters, or why they cannot be looked at; neither when nothing new is known, and what is known stays.</summary>
internal sealed record Look<TEntry>(ClusterView<TEntry>? View, Problem? Pending)
    where TEntry : class;

/// <summary>A cluster, its client and what its masters said lately.</summary>
internal sealed record ClusterView<TEntry>(BrokerCluster Cluster, IRocketMqAdmin Admin, MasterRound<TEntry> Round)
    where TEntry : class;
