using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Reporting.Writing;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Controllers;

/// <summary>
/// Removes a topic from the brokers before its object goes, where the deletion policy asks for it. Lets go at once when there is nothing to remove it from or when
/// another object has the topic, and whenever a person says so by annotation.
/// </summary>
internal sealed partial class TopicFinalizer : IEntityFinalizer<Topic>
{
    public const string Identifier = EntityGroup.Name + "/topic";

    private const string What = "topic";

    private readonly OperatorOptions _options;
    private readonly RemovalPass _removals;
    private readonly DeletedTopicDrain _drain;
    private readonly MasterIndex<Topic> _topics;
    private readonly MasterRounds<TopicSettings> _rounds;
    private readonly OrderConfigs _orders;
    private readonly StatusWriter _status;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;
    private readonly ILogger<TopicFinalizer> _logger;

    public TopicFinalizer(
        OperatorOptions options,
        RemovalPass removals,
        DeletedTopicDrain drain,
        MasterIndex<Topic> topics,
        MasterRounds<TopicSettings> rounds,
        OrderConfigs orders,
        StatusWriter status,
        IEventRecorder events,
        TimeProvider time,
        ILogger<TopicFinalizer> logger)
    {
        _options = options;
        _removals = removals;
        _drain = drain;
        _topics = topics;
        _rounds = rounds;
        _orders = orders;
        _status = status;
        _events = events;
        _time = time;
        _logger = logger;
    }

    public bool AppliesTo(Topic entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return entity.Spec.DeletionPolicy != DeletionPolicy.Retain && entity.Spec.ManagementPolicy == ManagementPolicy.Manage;
    }

    public async Task<ReconciliationResult<Topic>> FinalizeAsync(Topic entity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);

        // The status names what was made or taken over, whatever the spec says by now. Without it nothing was.
        if (entity.Status is not { TopicName: { } name, Cluster: { } clusterName } || !TopicClaims.HasAny(entity) || !AppliesTo(entity))
        {
            return ReconciliationResult<Topic>.Success(entity);
        }

        // The pass notes in its own copy since when producers are out; what was read is kept to tell whether that is news.
        TopicStatus before = Copy(entity.Status);
        RemovalClaim<Topic> claim = new(entity, What, name, clusterName, broker => TopicClaims.Find(entity, broker) is not null);
        Problem? pending = await _removals.RunAsync(
            claim,
            _topics,
            other => TopicOwnership.IsRival(entity, other),
            (place, token) => DeleteAsync(claim, place, token),
            cancellationToken);
        return pending is null ? ReconciliationResult<Topic>.Success(entity) : await WaitAsync(entity, before, pending, cancellationToken);
    }

    private static TopicStatus Copy(TopicStatus status) => new()
    {
        ObservedGeneration = status.ObservedGeneration,
        TopicName = status.TopicName,
        Cluster = status.Cluster,
        ReadQueues = status.ReadQueues,
        WriteQueues = status.WriteQueues,
        Brokers = status.Brokers,
        Conditions = status.Conditions,
    };

    /// <returns>What is waited for; null when the topic is gone everywhere.</returns>
    private async Task<Problem?> DeleteAsync(RemovalClaim<Topic> claim, RemovalPlace place, CancellationToken cancellationToken)
    {
        (Topic topic, string name) = (claim.Entity, claim.Name);
        IRocketMqAdmin admin = place.Admin;
        if (topic.Spec.DeletionPolicy == DeletionPolicy.DeleteIfDrained
            && await _drain.RunAsync(claim, place, cancellationToken) is { } draining)
        {
            return draining;
        }

        if (topic.Spec.Order || topic.Status!.Brokers!.Exists(static broker => broker.Order == true))
        {
            // While the topic tells of it: whoever is interrupted comes back to it.
            await _removals.AtNameServersAsync(token => _orders.RemoveAsync(place.Cluster, name, admin, token), cancellationToken);
        }

        Problem? failure = null;
        foreach (GroupMaster master in place.Masters)
        {
            Problem? failed = await _removals.AtMasterAsync(What, name, master, RemoveAsync, cancellationToken);
            failure ??= failed;
        }

        if (failure is not null)
        {
            return failure;
        }

        (bool isElsewhere, Problem? unknown) = await FindElsewhereAsync(admin, place.Others, name, cancellationToken);
        if (unknown is not null)
        {
            return unknown;
        }

        if (!isElsewhere)
        {
            // Name servers forget it for the whole cluster, or not at all.
            await _removals.AtNameServersAsync(token => admin.DeleteTopicOnNameServersAsync(name, place.ClusterName, token), cancellationToken);
        }

        LogDeleted(name, place.ClusterName);
        _events.Record(topic, EventType.Normal, "TopicDeleted", "Delete", $"Topic {name} was removed from every master.");
        return null;

        async Task<Problem?> RemoveAsync(string address, CancellationToken token)
        {
            await admin.DeleteTopicOnBrokerAsync(address, name, token);
            _rounds.Removed(place.Cluster.Key(), address, name);
            return null;
        }
    }

    /// <summary>
    /// Finds whether a topic of that name, which is not the object's, is on one of these masters. One that is not registered has no topics
    /// at the name servers.
    /// </summary>
    /// <returns>The answer, or why it is not known.</returns>
    private async Task<(bool IsElsewhere, Problem? Unknown)> FindElsewhereAsync(IRocketMqAdmin admin, IEnumerable<GroupMaster> masters, string name, CancellationToken cancellationToken)
    {
        bool isElsewhere = false;
        foreach (GroupMaster master in masters.Where(static master => master.Address is not null))
        {
            Problem? unknown = await _removals.AtMasterAsync(What, name, master, FindAsync, cancellationToken);
            if (isElsewhere || unknown is not null)
            {
                return (isElsewhere, unknown);
            }
        }

        return (false, null);

        async Task<Problem?> FindAsync(string address, CancellationToken token)
        {
            isElsewhere = await admin.GetTopicConfigAsync(address, name, token) is not null;
            return null;
        }
    }

    private async Task<ReconciliationResult<Topic>> WaitAsync(Topic topic, TopicStatus? before, Problem pending, CancellationToken cancellationToken)
    {
        TopicStatus status = TopicStatusBuilder.Build(topic, [], null, pending, _time.GetUtcNow());
        Topic last = new Topic { Metadata = topic.Metadata, Spec = topic.Spec, Status = before };
        await _status.WriteAsync(last, new Topic { Metadata = topic.Metadata, Spec = topic.Spec, Status = status }, cancellationToken);
        return ReconciliationResult<Topic>.Success(topic, PassIntervals.Waiting(_options, status.Conditions, _time.GetUtcNow()));
    }

    [LoggerMessage(EventId = 5111, Level = LogLevel.Information, Message = "Topic {Topic} was removed from every master of {Cluster}.")]
    private partial void LogDeleted(string topic, string cluster);
}
