using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Events;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Removes a topic from the brokers before its object goes, where the deletion policy asks for it. Lets go at once when there is nothing to remove it from or when
/// another object has the topic, and whenever a person says so by annotation.
/// </summary>
internal sealed partial class TopicFinalizer : IEntityFinalizer<Topic>
{
    public const string Identifier = EntityGroup.Name + "/topic";

    private readonly OperatorOptions _options;
    private readonly IKubernetesClient _client;
    private readonly ClusterAdmins _admins;
    private readonly StatusWriter _status;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;
    private readonly ILogger<TopicFinalizer> _logger;

    public TopicFinalizer(
        OperatorOptions options, IKubernetesClient client, ClusterAdmins admins, StatusWriter status, IEventRecorder events, TimeProvider time, ILogger<TopicFinalizer> logger)
    {
        _options = options;
        _client = client;
        _admins = admins;
        _status = status;
        _events = events;
        _time = time;
        _logger = logger;
    }

    public bool AppliesTo(Topic entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return entity.Spec.DeletionPolicy != TopicDeletionPolicy.Retain && entity.Spec.ManagementPolicy == TopicManagementPolicy.Manage;
    }

    public async Task<ReconciliationResult<Topic>> FinalizeAsync(Topic entity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);

        // The status names what was made or taken over, whatever the spec says by now. Without it nothing was.
        if (entity.Status is not { TopicName: { } name, Cluster: { } clusterName } || !TopicClaims.HasAny(entity) || !AppliesTo(entity))
        {
            return ReconciliationResult<Topic>.Success(entity);
        }

        if (TopicAnnotations.IsForced(entity))
        {
            LogForced(name);
            return ReconciliationResult<Topic>.Success(entity);
        }

        // Decided on live objects: a topic deleted for good is no place for a cache that lags.
        string ns = entity.Namespace()!;
        BrokerCluster? cluster = await _client.GetAsync<BrokerCluster>(clusterName, ns, cancellationToken);
        if (cluster is null || cluster.IsDeleting())
        {
            LogClusterGone(name, clusterName);
            return ReconciliationResult<Topic>.Success(entity);
        }

        KubernetesList<Topic> topics = await _client.ListAsync<Topic>(new ListOptions { Namespace = ns }, cancellationToken);
        if (topics.Items.Any(other => IsClaimedBy(other, entity, name, clusterName)))
        {
            return ReconciliationResult<Topic>.Success(entity);
        }

        // The pass notes in its own copy since when producers are out; what was read is kept to tell whether that is news.
        TopicStatus before = Copy(entity.Status);
        try
        {
            Problem? pending = await DeleteAsync(entity, cluster, name, cancellationToken);
            return pending is null ? ReconciliationResult<Topic>.Success(entity) : await WaitAsync(entity, before, pending, cancellationToken);
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, name);
            string words = AdminFailures.Refusal(failed) ?? "a broker or name server does not answer";
            return await WaitAsync(entity, before, new Problem(Reasons.BrokerUnreachable, $"The topic could not be removed: {words}. Annotate {TopicAnnotations.ForceDelete}=true to give up."), cancellationToken);
        }
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

    private static bool IsClaimedBy(Topic other, Topic topic, string name, string cluster) =>
        other.Uid() != topic.Uid() && !other.IsDeleting() && other.Spec.ManagementPolicy == TopicManagementPolicy.Manage && other.Spec.ClusterRef.Name == cluster && TopicNames.Effective(other) == name;

    /// <returns>What is waited for; null when the topic is gone everywhere.</returns>
    private async Task<Problem?> DeleteAsync(Topic topic, BrokerCluster cluster, string name, CancellationToken cancellationToken)
    {
        ClusterNames names = new ClusterNames(cluster.Name(), cluster.Namespace()!);
        IRocketMqAdmin admin = _admins.Get(cluster.Key(), names.NameServerRegistrationAddress);
        using CancellationTokenSource deadline = new CancellationTokenSource(_options.AdminTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);

        // Where the topic is somebody else's, it stays.
        IReadOnlyList<TopicMaster> all = TopicMasters.Find(cluster, await admin.GetClusterInfoAsync(either.Token));
        IReadOnlyList<TopicMaster> masters = [.. all.Where(master => TopicClaims.Find(topic, master.Broker) is not null)];
        if (masters.FirstOrDefault(static master => master.Address is null) is { } missing)
        {
            return new Problem(Reasons.ClusterNotReady, $"No master of {missing.Broker} is registered. Annotate {TopicAnnotations.ForceDelete}=true to give up.");
        }

        if (topic.Spec.DeletionPolicy == TopicDeletionPolicy.DeleteIfDrained && await DrainAsync(topic, admin, masters, name, either.Token) is { } draining)
        {
            return draining;
        }

        foreach (TopicMaster master in masters)
        {
            await admin.DeleteTopicOnBrokerAsync(master.Address!, name, either.Token);
        }

        if (!await IsElsewhereAsync(admin, all.Except(masters), name, either.Token))
        {
            // Name servers forget it for the whole cluster, or not at all.
            await admin.DeleteTopicOnNameServersAsync(name, names.Cluster, either.Token);
        }

        LogDeleted(name, names.Cluster);
        _events.Record(topic, EventType.Normal, "TopicDeleted", "Delete", $"Topic {name} was removed from every master.");
        return null;
    }

    /// <summary>Whether a topic of that name, which is not the object's, is on one of these masters. One that is not registered has no topics at the name servers.</summary>
    private static async Task<bool> IsElsewhereAsync(IRocketMqAdmin admin, IEnumerable<TopicMaster> masters, string name, CancellationToken cancellationToken)
    {
        foreach (TopicMaster master in masters.Where(static master => master.Address is not null))
        {
            if (await admin.GetTopicConfigAsync(master.Address!, name, cancellationToken) is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Keeps producers out, waits until they have noticed, and then until consumers have read what is left.</summary>
    private async Task<Problem?> DrainAsync(Topic topic, IRocketMqAdmin admin, IReadOnlyList<TopicMaster> masters, string name, CancellationToken cancellationToken)
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(_time.GetUtcNow().ToUnixTimeSeconds());
        List<TopicBrokerStatus> brokers = new List<TopicBrokerStatus>();
        foreach (TopicMaster master in masters)
        {
            TopicConfig? config = await admin.GetTopicConfigAsync(master.Address!, name, cancellationToken);
            TopicBrokerStatus last = TopicClaims.Find(topic, master.Broker)!;
            if (config is null)
            {
                brokers.Add(last);
                continue;
            }

            DateTimeOffset? since = last.DrainingSince;
            if (config.Permission.HasFlag(Client.TopicPermission.Write))
            {
                config = config with { Permission = config.Permission & ~Client.TopicPermission.Write, Attributes = null };
                await admin.CreateOrUpdateTopicAsync(master.Address!, config, cancellationToken);
                since = null;
            }

            brokers.Add(new TopicBrokerStatus
            {
                Name = master.Broker,
                ReadQueues = config.ReadQueues,
                WriteQueues = config.WriteQueues,
                Permission = (int)config.Permission,
                DrainingSince = since ?? now,
            });
        }

        brokers.AddRange(topic.Status!.Brokers!.Where(other => !brokers.Exists(broker => broker.Name == other.Name)));
        topic.Status.Brokers = brokers;
        if (brokers.Exists(broker => now - broker.DrainingSince < _options.RouteRefreshGrace))
        {
            return new Problem(Reasons.WaitingForConsumers, "Producers are kept out; waiting until they have noticed.");
        }

        foreach (TopicMaster master in masters)
        {
            TopicBrokerStatus broker = brokers.Find(broker => broker.Name == master.Broker)!;
            int queues = Math.Max(broker.ReadQueues, broker.WriteQueues);
            DrainReport report = await DrainCheck.AskAsync(admin, master.Address!, broker.Name, name, 0, queues, cancellationToken);
            if (!report.Drained)
            {
                return new Problem(Reasons.WaitingForConsumers, $"Waiting for {report.BlockedBy}.");
            }
        }

        return null;
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

    [LoggerMessage(EventId = 5112, Level = LogLevel.Information, Message = "Topic {Topic} goes without being removed: its cluster {Cluster} is gone.")]
    private partial void LogClusterGone(string topic, string cluster);

    [LoggerMessage(EventId = 5113, Level = LogLevel.Warning, Message = "Topic {Topic} goes without being removed, as its annotation asks: it stays on the brokers.")]
    private partial void LogForced(string topic);

    [LoggerMessage(EventId = 5114, Level = LogLevel.Warning, Message = "Topic {Topic} could not be removed; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string topic);
}
