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
    private readonly MasterCalls _calls;
    private readonly TopicDrain _drain;
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
        MasterCalls calls,
        TopicDrain drain,
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
        _calls = calls;
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
        Problem? pending = await _removals.RunAsync(
            new RemovalClaim<Topic>(entity, What, name, clusterName, broker => TopicClaims.Find(entity, broker) is not null),
            _topics,
            other => TopicOwnership.IsRival(entity, other),
            (place, token) => DeleteAsync(entity, place, name, token),
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
    private async Task<Problem?> DeleteAsync(Topic topic, RemovalPlace place, string name, CancellationToken cancellationToken)
    {
        IRocketMqAdmin admin = place.Admin;
        if (topic.Spec.DeletionPolicy == DeletionPolicy.DeleteIfDrained && await DrainAsync(topic, admin, place.Masters, name, cancellationToken) is { } draining)
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

    /// <summary>Whether a topic of that name, which is not the object's, is on one of these masters. One that is not registered has no topics at the name servers.</summary>
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

    /// <summary>Keeps producers out, waits until they have noticed, and then until consumers have read what is left.</summary>
    private async Task<Problem?> DrainAsync(Topic topic, IRocketMqAdmin admin, IReadOnlyList<GroupMaster> masters, string name, CancellationToken cancellationToken)
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(_time.GetUtcNow().ToUnixTimeSeconds());
        List<TopicBrokerStatus> brokers = [];
        Problem? failure = null;
        foreach (GroupMaster master in masters)
        {
            TopicBrokerStatus? closed = null;
            Problem? failed = await _removals.TryAsync(
                What,
                name,
                master,
                async () =>
                {
                    closed = await CloseAsync(admin, master.Address!, name, TopicClaims.Find(topic, master.Broker)!, now, cancellationToken);
                    return null;
                },
                cancellationToken);
            failure ??= failed;
            brokers.Add(closed ?? TopicClaims.Find(topic, master.Broker)!);
        }

        brokers.AddRange(topic.Status!.Brokers!.Where(other => !brokers.Exists(broker => broker.Name == other.Name)));
        topic.Status.Brokers = brokers;
        if (failure is not null)
        {
            return failure;
        }

        if (brokers.Exists(broker => now - broker.DrainingSince < _options.RouteRefreshGrace))
        {
            return new Problem(Reasons.WaitingForConsumers, "Producers are kept out; waiting until they have noticed.");
        }

        foreach (GroupMaster master in masters)
        {
            TopicBrokerStatus broker = brokers.Find(broker => broker.Name == master.Broker)!;
            int queues = Math.Max(broker.ReadQueues, broker.WriteQueues);
            if (await _removals.TryAsync(What, name, master, () => AskAsync(master, queues), cancellationToken) is { } waiting)
            {
                return waiting;
            }
        }

        return null;

        async Task<Problem?> AskAsync(GroupMaster master, int queues)
        {
            DrainReport report = await _drain.AskAsync(admin, topic.Uid()!, master, name, 0, queues, cancellationToken);
            return report.Drained ? null : new Problem(Reasons.WaitingForConsumers, $"Waiting for {report.BlockedBy}.");
        }
    }

    /// <summary>Keeps producers out of one master. Each request has a deadline of its own.</summary>
    /// <returns>The topic there, and since when; as it was known last where it is gone already.</returns>
    private async Task<TopicBrokerStatus> CloseAsync(IRocketMqAdmin admin, string address, string name, TopicBrokerStatus last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        TopicConfig? config = await _calls.WithDeadlineAsync(token => admin.GetTopicConfigAsync(address, name, token), cancellationToken);
        if (config is null)
        {
            return last;
        }

        DateTimeOffset? since = last.DrainingSince;
        if (config.Permission.HasFlag(RocketOps.Client.TopicPermission.Write))
        {
            config = config with { Permission = config.Permission & ~RocketOps.Client.TopicPermission.Write, Attributes = null };
            await _calls.WithDeadlineAsync(token => admin.CreateOrUpdateTopicAsync(address, config, token), cancellationToken);
            since = null;
        }

        return new TopicBrokerStatus
        {
            Name = last.Name,
            ReadQueues = config.ReadQueues,
            WriteQueues = config.WriteQueues,
            Permission = (int)config.Permission,
            Order = config.Order ? true : null,
            DrainingSince = since ?? now,
        };
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
