using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Masters;

/// <summary>Asks whether what a deleted object has on masters is removed there, finds them, and has it removed: each of them, and the name servers, in time of their own.</summary>
internal sealed partial class RemovalPass(RemovalChecks checks, ClusterAdmins admins, MasterCalls calls, ILogger<RemovalPass> logger)
{
    /// <param name="claim">What is to go.</param>
    /// <param name="index">Finds the objects that mean the same.</param>
    /// <param name="isRival">Which of them have it instead.</param>
    /// <param name="delete">Removes it; returns what it waits for, or null when it is gone everywhere.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>What is waited for; null when the object may go.</returns>
    public async Task<Problem?> RunAsync<TEntity>(
        RemovalClaim<TEntity> claim,
        MasterIndex<TEntity> index,
        Func<TEntity, bool> isRival,
        Func<RemovalPlace, CancellationToken, Task<Problem?>> delete,
        CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject
    {
        Removal removal = await checks.DecideAsync(claim.Entity, claim.What, claim.Name, claim.Cluster, index, isRival, cancellationToken);
        if (removal.From is not { } cluster)
        {
            return removal.Pending;
        }

        try
        {
            (RemovalPlace? place, Problem? missing) = await calls.WithDeadlineAsync(token => FindAsync(cluster, claim.IsOn, token), cancellationToken);
            return place is null ? missing : await delete(place, cancellationToken);
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, claim.What, claim.Name);
            return DeletionAnnotations.Failed(claim.What, "a name server", failed);
        }
    }

    /// <summary>Asks one master, in time of its own. Its failure is a value: what the others said and did is not lost by it.</summary>
    /// <param name="what">What is to go, for people.</param>
    /// <param name="name">On the broker.</param>
    /// <param name="master">A broker with a known address.</param>
    /// <param name="ask">Asks what is at that address.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>Why it is not done; null when it is.</returns>
    public Task<Problem?> AtMasterAsync(string what, string name, GroupMaster master, Func<string, CancellationToken, Task<Problem?>> ask, CancellationToken cancellationToken)
    {
        string address = master.Address ?? throw new ArgumentException("The broker has no address.", nameof(master));
        return TryAsync(what, name, master, () => calls.WithDeadlineAsync(token => ask(address, token), cancellationToken), cancellationToken);
    }

    /// <summary>Does something at one master that has an end of its own. Its failure is a value.</summary>
    /// <param name="what">What is to go, for people.</param>
    /// <param name="name">On the broker.</param>
    /// <param name="master">The broker.</param>
    /// <param name="ask">Asks it.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>Why it is not done; null when it is.</returns>
    public async Task<Problem?> TryAsync(string what, string name, GroupMaster master, Func<Task<Problem?>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask();
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, what, name);
            return DeletionAnnotations.Failed(what, $"the master of {master.Broker}", failed);
        }
    }

    /// <summary>Asks the name servers.</summary>
    public Task AtNameServersAsync(Func<CancellationToken, Task> ask, CancellationToken cancellationToken) => calls.WithDeadlineAsync(ask, cancellationToken);

    /// <returns>Exactly one of the two.</returns>
    private async Task<(RemovalPlace? Place, Problem? Missing)> FindAsync(BrokerCluster cluster, Func<string, bool> isOn, CancellationToken cancellationToken)
    {
        ClusterNames names = new ClusterNames(cluster.Name(), cluster.Namespace()!);
        IRocketMqAdmin admin = admins.Get(cluster.Key(), names.NameServerRegistrationAddress);
        ILookup<bool, GroupMaster> masters = ClusterMasters.Find(cluster, await admin.GetClusterInfoAsync(cancellationToken), withLeaving: true).ToLookup(master => isOn(master.Broker));
        return masters[true].FirstOrDefault(static master => master.Address is null) is { } missing
            ? (null, new Problem(Reasons.ClusterNotReady, $"No master of {missing.Broker} is registered. Annotate {DeletionAnnotations.ForceDelete}=true to give up."))
            : (new RemovalPlace(cluster, names.Cluster, admin, [.. masters[true]], [.. masters[false]]), null);
    }

    [LoggerMessage(EventId = 5123, Level = LogLevel.Warning, Message = "The {What} {Name} could not be removed; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string what, string name);
}

/// <summary>Claim of a deleted object to what it has on masters.</summary>
/// <param name="Entity">The object.</param>
/// <param name="What">What it stands for, for people: <c>topic</c>.</param>
/// <param name="Name">On the brokers.</param>
/// <param name="Cluster">As the object's status has it.</param>
/// <param name="IsOn">Whether a broker has it by this object; where it is somebody else's, it stays.</param>
internal sealed record RemovalClaim<TEntity>(TEntity Entity, string What, string Name, string Cluster, Func<string, bool> IsOn);

/// <summary>Cluster and masters where something is removed.</summary>
/// <param name="Cluster">Its object.</param>
/// <param name="ClusterName">As its brokers register it.</param>
/// <param name="Admin">Asks its name servers and brokers.</param>
/// <param name="Masters">Those it is removed from; all of them are registered.</param>
/// <param name="Others">The other masters of the cluster, with those that leave it.</param>
internal sealed record RemovalPlace(BrokerCluster Cluster, string ClusterName, IRocketMqAdmin Admin, IReadOnlyList<GroupMaster> Masters, IReadOnlyList<GroupMaster> Others);
