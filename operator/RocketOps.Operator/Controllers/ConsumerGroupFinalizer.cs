using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Events;
using RocketOps.Operator.ConsumerGroups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Reporting.Writing;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Topics;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Controllers;

/// <summary>
/// Removes a consumer group, its offsets and what waits to be delivered to it again, from the brokers before its object goes, where the deletion policy asks for it. Dead letters stay. Lets go at once when
/// there is nothing to remove it from or when another object has the group, and whenever a person says so by annotation.
/// </summary>
internal sealed partial class ConsumerGroupFinalizer(
    OperatorOptions options,
    RemovalPass removals,
    MasterCalls calls,
    MasterIndex<ConsumerGroup> groups,
    StatusWriter writer,
    IEventRecorder events,
    TimeProvider time,
    ILogger<ConsumerGroupFinalizer> logger) : IEntityFinalizer<ConsumerGroup>
{
    public const string Identifier = EntityGroup.Name + "/consumergroup";

    private const string What = "consumer group";

    public bool AppliesTo(ConsumerGroup entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return entity.Spec.DeletionPolicy != DeletionPolicy.Retain && entity.Spec.ManagementPolicy == ManagementPolicy.Manage;
    }

    public async Task<ReconciliationResult<ConsumerGroup>> FinalizeAsync(ConsumerGroup entity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);

        // The status names what was made or taken over, whatever the spec says by now. Without it nothing was.
        if (entity.Status is not { GroupName: { } name, Cluster: { } clusterName } || !ConsumerGroupClaims.HasAny(entity) || !AppliesTo(entity))
        {
            return ReconciliationResult<ConsumerGroup>.Success(entity);
        }

        Problem? pending = await removals.RunAsync(
            new RemovalClaim<ConsumerGroup>(entity, What, name, clusterName, broker => ConsumerGroupClaims.Find(entity, broker) is not null),
            groups,
            other => ConsumerGroupOwnership.IsRival(entity, other),
            (place, token) => DeleteAsync(entity, place, name, token),
            cancellationToken);
        return pending is null ? ReconciliationResult<ConsumerGroup>.Success(entity) : await WaitAsync(entity, pending, cancellationToken);
    }

    /// <returns>What is waited for; null when the group is gone everywhere.</returns>
    private async Task<Problem?> DeleteAsync(ConsumerGroup group, RemovalPlace place, string name, CancellationToken cancellationToken)
    {
        IRocketMqAdmin admin = place.Admin;
        if (group.Spec.DeletionPolicy == DeletionPolicy.DeleteIfDrained)
        {
            foreach (GroupMaster master in place.Masters)
            {
                if (await removals.TryAsync(What, name, master, () => WaitsForAsync(admin, master, name, cancellationToken), cancellationToken) is { } waiting)
                {
                    return waiting;
                }
            }
        }

        string retries = TopicNames.RetryTopicOf(name);
        Problem? failure = null;
        foreach (GroupMaster master in place.Masters)
        {
            Problem? failed = await removals.TryAsync(What, name, master, () => RemoveAsync(master.Address!), cancellationToken);
            failure ??= failed;
        }

        if (failure is not null)
        {
            return failure;
        }

        if (place.Others.Count == 0)
        {
            // Name servers forget it for the whole cluster, or not at all.
            await removals.AtNameServersAsync(token => admin.DeleteTopicOnNameServersAsync(retries, place.ClusterName, token), cancellationToken);
        }

        LogDeleted(name, place.ClusterName);
        events.Record(group, EventType.Normal, "GroupDeleted", "Delete", $"Consumer group {name} was removed from every master, with its offsets and retries.");
        return null;

        async Task<Problem?> RemoveAsync(string address)
        {
            await calls.WithDeadlineAsync(token => admin.DeleteSubscriptionGroupAsync(address, name, removeOffsets: true, token), cancellationToken);
            await calls.WithDeadlineAsync(token => admin.DeleteTopicOnBrokerAsync(address, retries, token), cancellationToken);
            return null;
        }
    }

    /// <summary>
    /// Returns the problem of members that still consume from a master, or of messages that are still to be consumed; null when there is
    /// none. Each request has a deadline of its own: all of them together may take longer than one may.
    /// </summary>
    private async Task<Problem?> WaitsForAsync(IRocketMqAdmin admin, GroupMaster master, string name, CancellationToken cancellationToken)
    {
        (string broker, string address) = (master.Broker, master.Address!);
        if (await calls.WithDeadlineAsync(token => admin.GetConsumerConnectionsAsync(address, name, token), cancellationToken) is { Connections: { Count: > 0 } members })
        {
            return Waiting($"{members.Count} {(members.Count == 1 ? "member" : "members")} of group {name} connected to {broker}, such as {members[0].ClientId}");
        }

        ConsumeStats progress = await calls.WithDeadlineAsync(token => admin.GetConsumeStatsAsync(address, name, null, token), cancellationToken);
        if (progress.Queues.Where(static queue => queue.Value.Lag > 0).OrderByDescending(static queue => queue.Value.Lag).FirstOrDefault() is { Key: { } queue, Value: { } offsets })
        {
            return Waiting($"group {name}, {PendingText.Number(offsets.Lag)} {(offsets.Lag == 1 ? "message" : "messages")} behind in queue {queue.QueueId} of topic {queue.Topic} on {broker}");
        }

        // What was sent back waits for its time elsewhere than in the queues.
        string retries = TopicNames.RetryTopicOf(name);
        return await calls.WithDeadlineAsync(token => admin.GetTopicConfigAsync(address, retries, token), cancellationToken) is not null
            && PendingText.Of(await calls.WithDeadlineAsync(token => admin.GetPendingMessagesAsync(address, retries, 0, token), cancellationToken), broker) is { } pending
                ? Waiting($"retries: {pending}")
                : null;

        static Problem Waiting(string what) => new(Reasons.WaitingForConsumers, $"Waiting for {what}.");
    }

    private async Task<ReconciliationResult<ConsumerGroup>> WaitAsync(ConsumerGroup group, Problem pending, CancellationToken cancellationToken)
    {
        ConsumerGroupStatus status = ConsumerGroupStatusBuilder.Build(group, [], null, null, pending, time.GetUtcNow());
        await writer.WriteAsync(group, new ConsumerGroup { Metadata = group.Metadata, Spec = group.Spec, Status = status }, cancellationToken);
        return ReconciliationResult<ConsumerGroup>.Success(group, PassIntervals.Waiting(options, status.Conditions, time.GetUtcNow()));
    }

    [LoggerMessage(EventId = 5211, Level = LogLevel.Information, Message = "Consumer group {Group} was removed from every master of {Cluster}.")]
    private partial void LogDeleted(string group, string cluster);
}
