using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
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
    private readonly TopicIndex _topics;
    private readonly IEntityCache<BrokerCluster> _clusters;
    private readonly ClusterAdmins _admins;
    private readonly ClusterTopics _rounds;
    private readonly TopicPass _pass;
    private readonly StatusWriter _status;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;
    private readonly ILogger<TopicController> _logger;

    public TopicController(
        OperatorOptions options,
        TopicIndex topics,
        IEntityCache<BrokerCluster> clusters,
        ClusterAdmins admins,
        ClusterTopics rounds,
        TopicPass pass,
        StatusWriter status,
        IEventRecorder events,
        TimeProvider time,
        ILogger<TopicController> logger)
    {
        _options = options;
        _topics = topics;
        _clusters = clusters;
        _admins = admins;
        _rounds = rounds;
        _pass = pass;
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
            return await ReportAsync(entity, [], problem, null, cancellationToken);
        }

        if (entity.Spec.ManagementPolicy == TopicManagementPolicy.Manage && TopicOwnership.Winner(entity, _topics.SameTopic(entity)) is { } winner)
        {
            Problem conflict = new Problem(
                Reasons.ResourceConflict,
                $"Topic {winner.Name()} is older and has {TopicNames.Effective(entity)} already. Delete one of the two objects.");
            return await ReportAsync(entity, [], conflict, null, cancellationToken);
        }

        BrokerCluster? cluster = _clusters.Get(entity.Namespace(), entity.Spec.ClusterRef.Name);
        if (cluster is null || cluster.IsDeleting())
        {
            Problem missing = new Problem(Reasons.ClusterNotFound, $"There is no BrokerCluster {entity.Spec.ClusterRef.Name} in namespace {entity.Namespace()}.");
            return await ReportAsync(entity, [], null, missing, cancellationToken);
        }

        bool isReady = Conditions.IsTrue(entity.Status?.Conditions, ConditionTypes.Ready);
        if (!isReady && cluster.Status?.ReadyNameServers is null or 0)
        {
            // Its status is watched, so the topic comes back when that changes.
            Problem starting = new Problem(Reasons.ClusterNotReady, $"BrokerCluster {cluster.Name()} has no name server that serves yet.");
            return await ReportAsync(entity, [], null, starting, cancellationToken);
        }

        bool isSettled = isReady && entity.Status?.ObservedGeneration == entity.Metadata.Generation;
        IRocketMqAdmin admin = _admins.Get(cluster.Key(), new ClusterNames(cluster.Name(), cluster.Namespace()!).NameServerRegistrationAddress);
        TopicRound round = await _rounds.LookAsync(cluster, admin, isSettled, cancellationToken);
        if (round.Silence is { } silence && (round.Masters.Count == 0 || silence.IsLong))
        {
            // Of a topic that was fine nothing new is known until that lasts.
            return isReady && !silence.IsLong
                ? ReconciliationResult<Topic>.Success(entity, PassIntervals.Settled(_options))
                : await ReportAsync(entity, [], null, silence.Problem, cancellationToken);
        }

        return await SyncAsync(entity, cluster, admin, round, cancellationToken);
    }

    public Task<ReconciliationResult<Topic>> DeletedAsync(Topic entity, CancellationToken cancellationToken) =>
        Task.FromResult(ReconciliationResult<Topic>.Success(entity));

    private async Task<ReconciliationResult<Topic>> SyncAsync(Topic topic, BrokerCluster cluster, IRocketMqAdmin admin, TopicRound round, CancellationToken cancellationToken)
    {
        IReadOnlyList<(RoundMaster Master, TopicOutcome? Outcome)> compared = TopicPass.Compare(topic, round);
        (Dictionary<string, TopicSettings?> claims, Dictionary<string, TopicOutcome> refused) = await ClaimAsync(topic, cluster, admin, compared, cancellationToken);

        List<TopicOutcome> outcomes = new List<TopicOutcome>(compared.Count);
        foreach ((RoundMaster master, TopicOutcome? known) in compared)
        {
            TopicOutcome outcome = known ?? refused.GetValueOrDefault(master.Broker) ?? await _pass.SyncAsync(cluster, topic, admin, master, cancellationToken);
            outcomes.Add(WithRefusal(outcome, cluster));
        }

        Tell(topic, outcomes, claims);
        return await ReportAsync(topic, outcomes, null, null, cancellationToken);
    }

    /// <summary>
    /// Decides of masters where the object has never written whether it may, and notes in the status those where it may. The topic an object has nowhere yet is not taken over in parts:
    /// where it differs on one master, nothing is written on any.
    /// </summary>
    /// <returns>What those it may write to have now; outcomes of those it may not.</returns>
    private async Task<(Dictionary<string, TopicSettings?> Claims, Dictionary<string, TopicOutcome> Refused)> ClaimAsync(
        Topic topic, BrokerCluster cluster, IRocketMqAdmin admin, IReadOnlyList<(RoundMaster Master, TopicOutcome? Outcome)> compared, CancellationToken cancellationToken)
    {
        TopicSettings wanted = TopicSettings.Wanted(topic.Spec);
        Dictionary<string, TopicSettings?> claims = new(StringComparer.Ordinal);
        Dictionary<string, TopicOutcome> refused = new(StringComparer.Ordinal);
        List<(string Broker, TopicSettings Found)> differing = [];
        foreach ((RoundMaster master, TopicOutcome? outcome) in compared)
        {
            if (outcome is not null || TopicClaims.Find(topic, master.Broker) is not null)
            {
                continue;
            }

            (TopicSettings? found, TopicOutcome? failure) = await _pass.LookAsync(cluster, topic, admin, master, cancellationToken);
            if (failure is not null)
            {
                refused[master.Broker] = failure;
            }
            else if (TopicClaims.MayTake(topic.Spec, wanted, found))
            {
                claims[master.Broker] = found;
            }
            else
            {
                differing.Add((master.Broker, found!));
            }
        }

        if (differing.Count > 0)
        {
            Problem conflict = TopicClaims.Conflict(TopicNames.Effective(topic), wanted, differing);
            if (!TopicClaims.HasAny(topic))
            {
                foreach ((string broker, TopicSettings? found) in claims)
                {
                    refused[broker] = new TopicOutcome(broker, found, Problem: conflict, Observed: true);
                }

                claims.Clear();
            }

            foreach ((string broker, TopicSettings found) in differing)
            {
                refused[broker] = new TopicOutcome(broker, found, Problem: conflict, Observed: true);
            }
        }

        if (claims.Count > 0)
        {
            TopicStatus claimed = TopicStatusBuilder.Claim(topic, claims, _time.GetUtcNow());
            await _status.WriteAsync(topic, new Topic { Metadata = topic.Metadata, Spec = topic.Spec, Status = claimed }, cancellationToken);
            topic.Status = claimed;
        }

        return (claims, refused);
    }

    /// <summary>One event per topic and kind of change, whatever the number of masters.</summary>
    private void Tell(Topic topic, List<TopicOutcome> outcomes, Dictionary<string, TopicSettings?> claims)
    {
        string name = TopicNames.Effective(topic);
        Record("TopicCreated", "was created on", outcome => outcome.Written && claims.TryGetValue(outcome.Broker, out TopicSettings? before) && before is null);
        Record("TopicAdopted", "was there before this object and belongs to it now on", outcome => claims.GetValueOrDefault(outcome.Broker) is not null && outcome.Problem is null);
        Record("TopicUpdated", "was changed on", outcome => outcome.Written && !(claims.TryGetValue(outcome.Broker, out TopicSettings? before) && before is null));

        void Record(string reason, string what, Func<TopicOutcome, bool> concerns)
        {
            string brokers = string.Join(", ", outcomes.Where(concerns).Select(static outcome => outcome.Broker));
            if (brokers.Length > 0)
            {
                LogWritten(name, what, brokers);
                _events.Record(topic, EventType.Normal, reason, "Update", $"Topic {name} {what} {brokers}.");
            }
        }
    }

    /// <summary>The topic is as it should be, and nobody can send to it there: the cluster's controller has found out why.</summary>
    private static TopicOutcome WithRefusal(TopicOutcome outcome, BrokerCluster cluster)
    {
        BrokerGroupStatus? group = cluster.Status?.Groups?.Find(group => group.Name == outcome.Broker);
        string? refusal = group?.Members?.Find(static member => member is { Role: BrokerMemberRole.Master, SendsRefused: not null })?.SendsRefused;
        return refusal is null || outcome.Problem is not null || outcome.Pending is not null || outcome.Observed
            ? outcome
            : outcome with { Pending = new Problem(Reasons.DiskFull, $"{outcome.Broker} takes no messages: {refusal}. BrokerCluster {cluster.Name()} says what to do.") };
    }

    private async Task<ReconciliationResult<Topic>> ReportAsync(
        Topic topic, IReadOnlyList<TopicOutcome> outcomes, Problem? problem, Problem? pending, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        Topic next = new Topic { Metadata = topic.Metadata, Spec = topic.Spec, Status = TopicStatusBuilder.Build(topic, outcomes, problem, pending, now) };
        if (await _status.WriteAsync(topic, next, cancellationToken))
        {
            TransitionEvents.Record(_events, topic, topic.Status?.Conditions, next.Status.Conditions);
        }

        bool waits = Conditions.IsTrue(next.Status.Conditions, ConditionTypes.Reconciling);
        return ReconciliationResult<Topic>.Success(topic, waits ? PassIntervals.Waiting(_options, next.Status.Conditions, now) : PassIntervals.Settled(_options));
    }

    [LoggerMessage(EventId = 5101, Level = LogLevel.Information, Message = "Topic {Topic} {What} {Brokers}.")]
    private partial void LogWritten(string topic, string what, string brokers);
}
