using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.ConsumerGroups;

/// <summary>
/// Compares a consumer group with what its masters said in the cluster's round, and brings those into line that differ. Asks a master by itself only where something is to be written, or where a group that
/// is not the object's was found.
/// </summary>
internal sealed partial class ConsumerGroupReconciler(MasterRounds<SubscriptionGroupConfig> rounds, MasterCalls calls, ILogger<ConsumerGroupReconciler> logger)
{
    /// <summary>Compares a master with the object, without writing anything; null where something is to be done.</summary>
    public static ConsumerGroupOutcome? Compare(ConsumerGroup group, RoundMaster<SubscriptionGroupConfig> master)
    {
        if (master.Table is not { } groups)
        {
            return AwayOutcome(group, master);
        }

        SubscriptionGroupConfig? found = groups.Find(EffectiveName.Of(group));
        if (group.Spec.ManagementPolicy == ManagementPolicy.Observe)
        {
            Problem? pending = found is null ? new Problem(Reasons.NotThere, $"{master.Broker} has no consumer group {EffectiveName.Of(group)}; it is watched only.") : null;
            return new ConsumerGroupOutcome(master.Broker, found, Observed: true, Pending: pending);
        }

        return ConsumerGroupClaims.Find(group, master.Broker) is not null && found is not null && ConsumerGroupSettings.Difference(group.Spec, found) is null ? new ConsumerGroupOutcome(master.Broker, found) : null;
    }

    /// <summary>Asks a master for the group, which is not the object's there, at this moment.</summary>
    public async Task<(SubscriptionGroupConfig? Found, ConsumerGroupOutcome? Failure)> GetAsync(
        ClusterView<SubscriptionGroupConfig> view, ConsumerGroup group, RoundMaster<SubscriptionGroupConfig> master, CancellationToken cancellationToken)
    {
        string name = EffectiveName.Of(group);
        try
        {
            SubscriptionGroupConfig? found = await calls.WithDeadlineAsync(token => view.Admin.GetSubscriptionGroupAsync(master.Address!, name, token), cancellationToken);
            master.Table!.Set(name, found);
            return (found, null);
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            return (null, Failed(failed, view.Cluster, name, master));
        }
    }

    /// <summary>Brings the group on one master to what is wanted.</summary>
    public async Task<ConsumerGroupOutcome> ReconcileAsync(
        ClusterView<SubscriptionGroupConfig> view, ConsumerGroup group, RoundMaster<SubscriptionGroupConfig> master, CancellationToken cancellationToken)
    {
        string name = EffectiveName.Of(group);
        try
        {
            ConsumerGroupOutcome outcome = await WriteAsync(view.Admin, group.Spec, name, master, cancellationToken);
            master.Table!.Set(name, outcome.Found);
            return outcome;
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            return Failed(failed, view.Cluster, name, master);
        }
    }

    /// <summary>Each request has a deadline of its own: a master that answers each of them in time does not fail by all of them together.</summary>
    private async Task<ConsumerGroupOutcome> WriteAsync(
        IRocketMqAdmin admin, ConsumerGroupSpec spec, string name, RoundMaster<SubscriptionGroupConfig> master, CancellationToken cancellationToken)
    {
        string address = master.Address!;
        SubscriptionGroupConfig? found = await calls.WithDeadlineAsync(token => admin.GetSubscriptionGroupAsync(address, name, token), cancellationToken);
        if (found is not null && ConsumerGroupSettings.Difference(spec, found) is null)
        {
            return new ConsumerGroupOutcome(master.Broker, found);
        }

        await calls.WithDeadlineAsync(token => admin.CreateOrUpdateSubscriptionGroupAsync(address, ConsumerGroupSettings.Wanted(name, spec, found), token), cancellationToken);
        SubscriptionGroupConfig? kept = await calls.WithDeadlineAsync(token => admin.GetSubscriptionGroupAsync(address, name, token), cancellationToken);
        string? difference = kept is null ? "the group is not there" : ConsumerGroupSettings.Difference(spec, kept);
        return new ConsumerGroupOutcome(
            master.Broker,
            kept,
            Written: true,
            Problem: difference is null ? null : new Problem(Reasons.Refused, $"{master.Broker} accepted the group's settings but does not keep them: {difference}."));
    }

    /// <summary>A master that restarts says nothing new of a group that was as asked for there; nor does a broker group that is being added. Only when it is away for long, or when the object waits anyway, it counts.</summary>
    private static ConsumerGroupOutcome AwayOutcome(ConsumerGroup group, RoundMaster<SubscriptionGroupConfig> master)
    {
        Away away = master.Away ?? throw new ArgumentException("A master whose groups are not known is away.", nameof(master));
        ConsumerGroupBrokerStatus? last = ConsumerGroupClaims.Entry(group, master.Broker);
        bool isObserved = group.Spec.ManagementPolicy == ManagementPolicy.Observe;
        bool wasThere = isObserved || (group.Status?.ObservedGeneration == group.Metadata.Generation && last is null or { Differs: null, Observed: not true });
        return !away.IsLong && wasThere && Conditions.IsTrue(group.Status?.Conditions, ConditionTypes.Ready)
            ? new ConsumerGroupOutcome(master.Broker, null, Observed: isObserved)
            : new ConsumerGroupOutcome(master.Broker, null, Observed: isObserved, Pending: away.Problem);
    }

    private ConsumerGroupOutcome Failed(Exception failed, BrokerCluster cluster, string name, RoundMaster<SubscriptionGroupConfig> master)
    {
        LogFailed(failed, name, master.Broker);
        (Problem? refused, Problem? silent) = rounds.Failed(cluster.Key(), master, failed);
        return new ConsumerGroupOutcome(master.Broker, null, Pending: silent, Problem: refused);
    }

    [LoggerMessage(EventId = 5202, Level = LogLevel.Warning, Message = "Consumer group {Group} could not be brought up to date on {Broker}; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string group, string broker);
}
