using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Keeps a topic on every master of its cluster as its object asks for, and puts it back when it drifts. Topics without an object are left alone.
/// </summary>
[EntityRbac(typeof(Topic), Verbs = RbacVerbs.Read | RbacVerbs.Patch)]
[EntityRbac(typeof(Topic), Subresource = "status", Verbs = RbacVerbs.Get | RbacVerbs.Patch)]
[EntityRbac(typeof(BrokerCluster), Verbs = RbacVerbs.Read)]
internal sealed partial class TopicController : IEntityController<Topic>
{
    private readonly OperatorOptions _options;
    private readonly IEntityCache<Topic> _topics;
    private readonly IEntityCache<BrokerCluster> _clusters;
    private readonly ClusterAdmins _admins;
    private readonly BrokerTopics _brokers;
    private readonly TopicTables _tables;
    private readonly StatusWriter _status;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;
    private readonly ILogger<TopicController> _logger;

    public TopicController(
        OperatorOptions options,
        IEntityCache<Topic> topics,
        IEntityCache<BrokerCluster> clusters,
        ClusterAdmins admins,
        BrokerTopics brokers,
        TopicTables tables,
        StatusWriter status,
        IEventRecorder events,
        TimeProvider time,
        ILogger<TopicController> logger)
    {
        _options = options;
        _topics = topics;
        _clusters = clusters;
        _admins = admins;
        _brokers = brokers;
        _tables = tables;
        _status = status;
        _events = events;
        _time = time;
        _logger = logger;
    }

    public async Task<ReconciliationResult<Topic>> ReconcileAsync(Topic entity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (entity.IsDeleting())
        {
            return ReconciliationResult<Topic>.Success(entity);
        }

        if (TopicValidator.Check(entity) is { } problem)
        {
            return await ReportAsync(entity, [], problem, null, _options.ResyncInterval, cancellationToken);
        }

        if (TopicOwnership.Winner(entity, _topics.List(entity.Namespace())) is { } winner)
        {
            Problem conflict = new Problem(
                Reasons.ResourceConflict,
                $"Topic {winner.Name()} is older and has {TopicNames.Effective(entity)} already. Delete one of the two objects.");
            return await ReportAsync(entity, [], conflict, null, _options.ResyncInterval, cancellationToken);
        }

        BrokerCluster? cluster = _clusters.Get(entity.Namespace(), entity.Spec.ClusterRef.Name);
        if (cluster is null || cluster.IsDeleting())
        {
            Problem missing = new Problem(Reasons.ClusterNotFound, $"There is no BrokerCluster {entity.Spec.ClusterRef.Name} in namespace {entity.Namespace()}.");
            return await ReportAsync(entity, [], null, missing, _options.ResyncInterval, cancellationToken);
        }

        if (cluster.Status?.ReadyNameServers is null or 0)
        {
            // Its status is watched, so the topic comes back when that changes.
            Problem starting = new Problem(Reasons.ClusterNotReady, $"BrokerCluster {cluster.Name()} has no name server that serves yet.");
            return await ReportAsync(entity, [], null, starting, _options.ResyncInterval, cancellationToken);
        }

        if (entity.Status?.TopicName is null || entity.Status.Cluster is null)
        {
            // Written before the first change on a broker: whatever interrupts the operator, a deletion knows what there may be to clean up.
            await FixIdentityAsync(entity, cancellationToken);
        }

        return await SyncAsync(entity, cluster, cancellationToken);
    }

    public Task<ReconciliationResult<Topic>> DeletedAsync(Topic entity, CancellationToken cancellationToken) =>
        Task.FromResult(ReconciliationResult<Topic>.Success(entity));

    private async Task FixIdentityAsync(Topic topic, CancellationToken cancellationToken)
    {
        TopicStatus identified = TopicStatusBuilder.Build(topic, [], null, new Problem(Reasons.Updating, "The topic is being created."), _time.GetUtcNow());
        identified.TopicName = TopicNames.Effective(topic);
        identified.Cluster = topic.Spec.ClusterRef.Name;
        Topic next = new Topic { Metadata = topic.Metadata, Spec = topic.Spec, Status = identified };
        await _status.WriteAsync(topic, next, cancellationToken);
        topic.Status = identified;
    }

    private async Task<ReconciliationResult<Topic>> SyncAsync(Topic topic, BrokerCluster cluster, CancellationToken cancellationToken)
    {
        ClusterNames names = new ClusterNames(cluster.Name(), cluster.Namespace()!);
        IRocketMqAdmin admin = _admins.Get(cluster.Key(), names.NameServerRegistrationAddress);
        IReadOnlyList<TopicMaster> masters;
        try
        {
            masters = TopicMasters.Find(cluster, await _tables.ClusterAsync(cluster.Key(), admin, cancellationToken));
        }
        catch (Exception unreachable) when (AdminFailures.IsFailure(unreachable, cancellationToken))
        {
            Problem silent = new Problem(Reasons.NameServersUnreachable, $"The name servers at {names.NameServerRegistrationAddress} do not answer the operator.");
            return await ReportAsync(topic, [], null, silent, _options.ProgressInterval, cancellationToken);
        }

        List<TopicOutcome> outcomes = new List<TopicOutcome>(masters.Count);
        foreach (TopicMaster master in masters)
        {
            outcomes.Add(WithRefusal(await SyncAsync(topic, admin, master, cancellationToken), cluster));
        }

        return await ReportAsync(topic, outcomes, null, null, Next(outcomes), cancellationToken);
    }

    /// <summary>The topic is as it should be, and nobody can send to it there: the cluster's controller has found out why.</summary>
    private static TopicOutcome WithRefusal(TopicOutcome outcome, BrokerCluster cluster)
    {
        BrokerGroupStatus? group = cluster.Status?.Groups?.Find(group => group.Name == outcome.Broker);
        string? refusal = group?.Members?.Find(static member => member is { Role: BrokerMemberRole.Master, SendsRefused: not null })?.SendsRefused;
        return refusal is null || outcome.Problem is not null || outcome.Pending is not null
            ? outcome
            : outcome with { Pending = new Problem(Reasons.DiskFull, $"{outcome.Broker} takes no messages: {refusal}. BrokerCluster {cluster.Name()} says what to do.") };
    }

    private async Task<TopicOutcome> SyncAsync(Topic topic, IRocketMqAdmin admin, TopicMaster master, CancellationToken cancellationToken)
    {
        if (master.Address is null)
        {
            return new TopicOutcome(master.Broker, null, Pending: new Problem(Reasons.ClusterNotReady, $"No master of {master.Broker} is registered."));
        }

        string name = TopicNames.Effective(topic);
        TopicBrokerStatus? last = topic.Status?.Brokers?.Find(broker => broker.Name == master.Broker);
        TopicSettings wanted = TopicSettings.Wanted(topic.Spec);
        try
        {
            if (IsSettled(topic) && await _tables.FindAsync(admin, master.Address, name, cancellationToken) is { } found && found == wanted)
            {
                return new TopicOutcome(master.Broker, found);
            }

            TopicOutcome outcome = await WithDeadlineAsync(token => _brokers.SyncAsync(admin, master, name, wanted, last, token), cancellationToken);
            if (outcome.Written)
            {
                _tables.Forget(master.Address);
                LogWritten(name, master.Broker);
                _events.Record(topic, EventType.Normal, last is null ? "TopicCreated" : "TopicUpdated", "Update", $"Topic {name} was written on {master.Broker}.");
            }

            return outcome;
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, name, master.Broker);
            return AdminFailures.Refusal(failed) is { } refusal
                ? new TopicOutcome(master.Broker, null, Problem: new Problem(Reasons.Refused, $"{master.Broker} refuses: {refusal}."))
                : new TopicOutcome(master.Broker, null, Pending: new Problem(Reasons.BrokerUnreachable, $"The master of {master.Broker} does not answer the operator."));
        }
    }

    /// <summary>Nothing but drift can have happened to the topic: what this object asks for was done.</summary>
    private static bool IsSettled(Topic topic) =>
        topic.Status?.ObservedGeneration == topic.Metadata.Generation && Kubernetes.Models.Conditions.IsTrue(topic.Status?.Conditions, ConditionTypes.Ready);

    private TimeSpan Next(List<TopicOutcome> outcomes)
    {
        // A drain takes minutes and sends no events; other things pending are moments away.
        bool waits = outcomes.Exists(static outcome => outcome.Pending is { Reason: not Reasons.DrainingQueues });
        return waits ? _options.ProgressInterval : _options.ResyncInterval;
    }

    private async Task<T> WithDeadlineAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new CancellationTokenSource(_options.AdminTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        return await call(either.Token);
    }

    private async Task<ReconciliationResult<Topic>> ReportAsync(
        Topic topic, IReadOnlyList<TopicOutcome> outcomes, Problem? problem, Problem? pending, TimeSpan requeueAfter, CancellationToken cancellationToken)
    {
        Topic next = new Topic { Metadata = topic.Metadata, Spec = topic.Spec, Status = TopicStatusBuilder.Build(topic, outcomes, problem, pending, _time.GetUtcNow()) };
        if (await _status.WriteAsync(topic, next, cancellationToken))
        {
            TransitionEvents.Record(_events, topic, topic.Status?.Conditions, next.Status.Conditions);
        }

        return ReconciliationResult<Topic>.Success(topic, requeueAfter);
    }

    [LoggerMessage(EventId = 5101, Level = LogLevel.Information, Message = "Topic {Topic} was written on {Broker}.")]
    private partial void LogWritten(string topic, string broker);

    [LoggerMessage(EventId = 5102, Level = LogLevel.Warning, Message = "Topic {Topic} could not be brought up to date on {Broker}; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string topic, string broker);
}
