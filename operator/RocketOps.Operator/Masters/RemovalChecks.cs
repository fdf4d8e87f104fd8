using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Masters;

/// <summary>
/// Decides whether what an object has on masters is removed there before the object goes. It is not when a person says so by annotation, when its cluster is gone, and when another object has it; and not while its
/// cluster is protected, or while an object that may have it cannot be read.
/// </summary>
internal sealed partial class RemovalChecks(IKubernetesClient client, TimeProvider time, ILogger<RemovalChecks> logger)
{
    /// <param name="entity">The object that is being deleted.</param>
    /// <param name="what">What it stands for, for people: <c>topic</c>.</param>
    /// <param name="name">On the brokers.</param>
    /// <param name="clusterName">Its cluster, as its status has it.</param>
    /// <param name="index">Finds the objects that mean the same.</param>
    /// <param name="isRival">Which of them have it instead.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public async Task<Removal> DecideAsync<TEntity>(
        TEntity entity, string what, string name, string clusterName, MasterIndex<TEntity> index, Func<TEntity, bool> isRival, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject
    {
        if (DeletionAnnotations.IsForced(entity))
        {
            LogForced(what, name);
            return Removal.No;
        }

        // Decided on live objects: what is deleted for good is no place for a cache that lags.
        ObjectKey key = ClusterReferences.Parse(clusterName, entity);
        BrokerCluster? cluster;
        try
        {
            cluster = await client.GetAsync<BrokerCluster>(key.Name, key.Namespace, cancellationToken);
        }
        catch (InvalidDataException)
        {
            return new Removal(null, DeletionAnnotations.Unreadable(what, BrokerCluster.KindName, key, entity));
        }

        if (cluster is null || cluster.IsDeleting())
        {
            LogClusterGone(what, name, clusterName);
            return Removal.No;
        }

        // Whether they mean the same nobody knows.
        if (index.UnreadableBeside(entity, cluster) is { } unreadable)
        {
            return new Removal(null, DeletionAnnotations.Unreadable(what, entity.Kind, unreadable, entity));
        }

        if (await client.HasLiveAsync(index.Same(entity), other => cluster.Admits(other.Namespace()) && isRival(other), cancellationToken))
        {
            return Removal.No;
        }

        return !cluster.Admits(entity.Namespace()) ? new Removal(null, DeletionAnnotations.NotAdmitted(what, key, entity))
            : ClusterPause.Of(cluster, time.GetUtcNow()) is { Topics: true } pause ? new Removal(null, MasterCalls.Paused(pause))
            : ClusterAnnotations.IsProtected(cluster) ? new Removal(null, DeletionAnnotations.Protected(what, key, entity))
            : new Removal(cluster, null);
    }

    [LoggerMessage(EventId = 5121, Level = LogLevel.Information, Message = "The {What} {Name} is left where it is: its cluster {Cluster} is gone.")]
    private partial void LogClusterGone(string what, string name, string cluster);

    [LoggerMessage(EventId = 5122, Level = LogLevel.Warning, Message = "The {What} {Name} is left on the brokers, as the annotation of its object asks.")]
    private partial void LogForced(string what, string name);
}

/// <summary>Decision about a thing on masters when its object goes.</summary>
/// <param name="From">The cluster it is removed from; null when it is not.</param>
/// <param name="Pending">Why it cannot be removed yet; the object waits.</param>
internal readonly record struct Removal(BrokerCluster? From, Problem? Pending)
{
    /// <summary>It stays where it is, and the object goes.</summary>
    public static readonly Removal No;
}
