using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Kubernetes.Rbac;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Reporting.Writing;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Controllers;

/// <summary>
/// Keeps a topic on every master of its cluster as its object asks for, and puts it back when it drifts. Topics without an object are left alone.
/// </summary>
[EntityRbac(typeof(Topic), Verbs = RbacVerbs.Read | RbacVerbs.Patch)]
[EntityRbac(typeof(Topic), Subresource = "status", Verbs = RbacVerbs.Get | RbacVerbs.Patch)]
[EntityRbac(typeof(BrokerCluster), Verbs = RbacVerbs.Read)]
internal sealed partial class TopicController : IEntityController<Topic>
{
    private readonly OperatorOptions _options;
    private readonly MasterIndex<Topic> _topics;
    private readonly ClusterLook<TopicSettings> _look;
    private readonly TopicReconciler _reconciler;
    private readonly OrderConfigs _orders;
    private readonly StatusWriter _status;
    private readonly IEventRecorder _events;
    private readonly ControllerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<TopicController> _logger;

    public TopicController(
        OperatorOptions options,
        MasterIndex<Topic> topics,
        ClusterLook<TopicSettings> look,
        TopicReconciler reconciler,
        OrderConfigs orders,
        StatusWriter status,
        IEventRecorder events,
        ControllerMetrics metrics,
        TimeProvider time,
        ILogger<TopicController> logger)
    {
        _options = options;
        _topics = topics;
        _look = look;
        _reconciler = reconciler;
        _orders = orders;
        _status = status;
        _events = events;
        _metrics = metrics;
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

        if (entity.Spec.ManagementPolicy == ManagementPolicy.Manage && TopicOwnership.Winner(entity, _look.Admitted(entity.Spec.ClusterRef.Key(entity), _topics.Same(entity))) is { } winner)
        {
            Problem conflict = new Problem(
                Reasons.ResourceConflict,
                $"Topic {winner.NameFor(entity)} is older and has {EffectiveName.Of(entity)} already. Delete one of the two objects.");
            return await ReportAsync(entity, [], conflict, null, cancellationToken);
        }

        Look<TopicSettings> look = await _look.AsideAsync(
            entity,
            entity.Spec.ClusterRef.Key(entity),
            cluster => entity.Status?.ObservedGeneration == entity.Metadata.Generation && TopicPlacement.IsEverywhere(entity, cluster),
            entity.Status?.Conditions,
            cancellationToken);
        if (look.View is { } view)
        {
            return await ReconcileMastersAsync(entity, view.Cluster, view.Admin, view.Round, cancellationToken);
        }

        return look.Pending is { } pending
            ? await ReportAsync(entity, [], null, pending, cancellationToken)
            : ReconciliationResult<Topic>.Success(entity, PassIntervals.Settled(_options));
    }

    public Task<ReconciliationResult<Topic>> DeletedAsync(Topic entity, CancellationToken cancellationToken) =>
        Task.FromResult(ReconciliationResult<Topic>.Success(entity));

    private async Task<ReconciliationResult<Topic>> ReconcileMastersAsync(Topic topic, BrokerCluster cluster, IRocketMqAdmin admin, MasterRound<TopicSettings> round, CancellationToken cancellationToken)
    {
        IReadOnlyList<RoundMaster<TopicSettings>> wanted = TopicPlacement.Wanted(topic, cluster, round.Masters);
        IReadOnlyList<(RoundMaster<TopicSettings> Master, TopicOutcome? Outcome)> compared = TopicReconciler.Compare(topic, round with { Masters = wanted });
        if (ClusterPause.Of(cluster, _time.GetUtcNow()) is { Topics: true } pause)
        {
            Problem paused = MasterCalls.Paused(pause);
            TopicOutcome[] left =
            [
                .. compared.Select(pair => pair.Outcome ?? TopicReconciler.Left(topic, pair.Master, paused)),
                .. TopicPlacement.Missing(topic, cluster),
                .. TopicPlacement.Unwanted(topic, cluster, round.Masters).Select(master => TopicReconciler.Left(topic, master, paused)),
            ];
            return await ReportAsync(topic, left, null, Problem.Join(left.Select(static outcome => outcome.Pending)), cancellationToken, cluster);
        }

        HashSet<string> lost = [.. compared
            .Where(pair => pair.Outcome is null && IsLost(topic, pair.Master))
            .Select(static pair => pair.Master.Broker)];
        if (await ClaimAsync(topic, cluster, admin, compared, cancellationToken) is not { } claimed)
        {
            // What its finalizer left, or removed, is not made again.
            return ReconciliationResult<Topic>.Success(topic);
        }

        (Dictionary<string, TopicSettings?> claims, Dictionary<string, TopicOutcome> refused) = claimed;
        if (await _orders.NarrowAsync(cluster, topic, admin, wanted, cancellationToken) is { } refusal)
        {
            return await ReportAsync(topic, [], null, refusal, cancellationToken);
        }

        List<TopicOutcome> outcomes = new List<TopicOutcome>(compared.Count);
        foreach ((RoundMaster<TopicSettings> master, TopicOutcome? known) in compared)
        {
            TopicOutcome outcome = known ?? refused.GetValueOrDefault(master.Broker) ?? await _reconciler.ReconcileAsync(cluster, topic, admin, master, cancellationToken);
            outcomes.Add(WithRefusal(outcome, cluster));
        }

        outcomes.AddRange(TopicPlacement.Missing(topic, cluster));
        bool isWhereAsked = outcomes.TrueForAll(outcome =>
            outcome is { Problem: null, Pending: null } && outcome.Found == TopicSettings.Wanted(topic.Spec) && !ClusterMasters.IsClosed(cluster, outcome.Broker));
        foreach (RoundMaster<TopicSettings> master in TopicPlacement.Unwanted(topic, cluster, round.Masters))
        {
            outcomes.Add(await _reconciler.RemoveAsync(cluster, topic, admin, master, isWhereAsked, cancellationToken));
        }

        Problem? waits = await _orders.WidenAsync(cluster, topic, admin, wanted, cancellationToken);
        RecordEvents(topic, outcomes, claims, lost);
        Problem? pending = Problem.Join([.. outcomes.Select(static outcome => outcome.Pending), waits]);
        return await ReportAsync(topic, outcomes, null, pending, cancellationToken, cluster);
    }

    /// <summary>Decides of masters where the object has never written whether it may, and notes in the status those where it may.</summary>
    /// <returns>What those it may write to have now; outcomes of those it may not. Null when the object has gone, and nothing is its any more.</returns>
    private async Task<(Dictionary<string, TopicSettings?> Claims, Dictionary<string, TopicOutcome> Refused)?> ClaimAsync(
        Topic topic, BrokerCluster cluster, IRocketMqAdmin admin, IReadOnlyList<(RoundMaster<TopicSettings> Master, TopicOutcome? Outcome)> compared, CancellationToken cancellationToken)
    {
        TopicSettings wanted = TopicSettings.Wanted(topic.Spec);
        ClaimDecision<TopicSettings> claims = new(!TopicClaims.HasAny(topic), found => TopicClaims.MayTake(topic.Spec, wanted, found));
        Dictionary<string, TopicOutcome> refused = new(StringComparer.Ordinal);
        foreach ((RoundMaster<TopicSettings> master, TopicOutcome? outcome) in compared)
        {
            if (outcome is not null || TopicClaims.Find(topic, master.Broker) is not null)
            {
                continue;
            }

            (TopicSettings? found, TopicOutcome? failure) = await _reconciler.GetAsync(cluster, topic, admin, master, cancellationToken);
            if (failure is not null)
            {
                refused[master.Broker] = failure;
            }
            else
            {
                claims.Add(master.Broker, found);
            }
        }

        foreach ((string broker, TopicSettings? found) in claims.GiveUpDiffering())
        {
            refused[broker] = new TopicOutcome(broker, found, Problem: TopicClaims.Conflict(EffectiveName.Of(topic), topic.Spec, wanted, claims.Differing), Observed: true);
        }

        if (claims.TakesOver && TakeoverRefusal.Find(topic, $"Topic {EffectiveName.Of(topic)}", _topics, cluster) is { } unreadable)
        {
            foreach ((string broker, TopicSettings? found) in claims.GiveUp())
            {
                refused[broker] = new TopicOutcome(broker, found, Pending: unreadable, Observed: true);
            }
        }

        if (await OrderConflictAsync(topic, cluster, admin, claims.Taken, cancellationToken) is { } order)
        {
            foreach ((string broker, TopicSettings? found) in claims.GiveUp())
            {
                refused[broker] = new TopicOutcome(broker, found, Problem: order, Observed: true);
            }
        }

        if (claims.Taken.Count > 0)
        {
            TopicStatus claimed = TopicStatusBuilder.Claim(topic, claims.Taken, _time.GetUtcNow());
            if (await _status.WriteAsync(topic, new Topic { Metadata = topic.Metadata, Spec = topic.Spec, Status = claimed }, cancellationToken) == StatusWrite.Gone)
            {
                return null;
            }

            topic.Status = claimed;
        }

        return (claims.Taken, refused);
    }

    /// <summary>A topic that was there before is not as asked for, either, when the name servers have other queues for it; null when they have not.</summary>
    private async Task<Problem?> OrderConflictAsync(Topic topic, BrokerCluster cluster, IRocketMqAdmin admin, Dictionary<string, TopicSettings?> claims, CancellationToken cancellationToken)
    {
        if (topic.Spec.AdoptionPolicy == AdoptionPolicy.Adopt || TopicClaims.HasAny(topic) || claims.Values.All(static found => found is null))
        {
            return null;
        }

        string asked = !topic.Spec.Order ? "none" : OrderConfigs.Text(claims.Select(static claim => (claim.Key, claim.Value?.WriteQueues ?? 0)));
        return await _orders.FindAsync(cluster, topic, admin, cancellationToken) is { } found && found != asked
            ? new Problem(
                Reasons.Conflict,
                $"Topic {EffectiveName.Of(topic)} was there before this object, and its entry in {OrderConfigs.Namespace} of the name servers is {found}, not {asked}. Nothing was changed. Set spec.adoptionPolicy: Adopt to have it changed, or spec.managementPolicy: Observe to watch the topic only.")
            : null;
    }

    /// <summary>One event per topic and kind of change, whatever the number of masters.</summary>
    private void RecordEvents(
        Topic topic, List<TopicOutcome> outcomes, Dictionary<string, TopicSettings?> claims, HashSet<string> lost)
    {
        string name = EffectiveName.Of(topic);
        foreach (TopicOutcome _ in outcomes.Where(outcome => outcome is { Written: true, Removal: null, Removed: false } && WasAsAsked(topic, outcome.Broker)))
        {
            _metrics.Corrected(nameof(Topic));
        }

        Record("TopicCreated", "was created on", outcome => outcome.Written && claims.TryGetValue(outcome.Broker, out TopicSettings? before) && before is null);
        Record("TopicAdopted", "was there before this object and belongs to it now on", outcome => claims.GetValueOrDefault(outcome.Broker) is not null && outcome.Problem is null);
        Record("TopicClosed", "is to go from", static outcome => outcome is { Written: true, Removal: TopicRemovalPhase.Closing });
        Record("TopicRemoved", "was removed, as everything was read, from", static outcome => outcome is { Written: true, Removed: true });
        Record("TopicUpdated", "was changed on", outcome => outcome is { Written: true, Removal: null, Removed: false }
            && !lost.Contains(outcome.Broker) && !(claims.TryGetValue(outcome.Broker, out TopicSettings? before) && before is null));
        string again = string.Join(", ", outcomes.Where(outcome => outcome.Written && lost.Contains(outcome.Broker)).Select(static outcome => outcome.Broker));
        if (again.Length > 0)
        {
            LogMadeAgain(name, again);
            _events.Record(
                topic, EventType.Warning, "TopicMadeAgain", "Update",
                $"Topic {name} was on {again} and is not there any more: it was deleted there by somebody else, or the broker runs with an "
                + "empty or another store. It was made again, without its messages. If a volume was lost or restored, look for the one with the messages before producers go on.");
        }

        foreach (IGrouping<string, TopicOutcome> retyped in outcomes.Where(static outcome => outcome.RetypedFrom is not null).GroupBy(static outcome => outcome.RetypedFrom!, StringComparer.Ordinal))
        {
            string brokers = string.Join(", ", retyped.Select(static outcome => outcome.Broker));
            string type = TopicSettings.WireName(topic.Spec.MessageType);
            LogRetyped(name, retyped.Key, type, brokers);
            _events.Record(
                topic, EventType.Warning, "MessageTypeChanged", "Update",
                $"The message type of topic {name} was changed from {retyped.Key} to {type} on {brokers}, where it has messages: they stay as they were sent, and consumers still get them.");
        }

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

    /// <summary>
    /// The topic was on the broker, by the status, which the pass has not written yet, and the broker has none of this name. A claim alone,
    /// which is noted before the first write, says nothing of queues.
    /// </summary>
    private static bool IsLost(Topic topic, RoundMaster<TopicSettings> master) =>
        TopicClaims.Find(topic, master.Broker) is { ReadQueues: > 0, DrainingSince: null }
        && master.Table is { } topics && topics.Find(EffectiveName.Of(topic)) is null;

    /// <summary>
    /// Returns true when, by the status, which the pass has not written yet, the broker was as asked: what had to be written there was
    /// changed by somebody else, not by the object.
    /// </summary>
    private static bool WasAsAsked(Topic topic, string broker) =>
        TopicClaims.Find(topic, broker) is { DrainingSince: null } last && TopicReconciler.Settings(last) == TopicSettings.Wanted(topic.Spec);

    /// <summary>The topic is as it should be, and nobody can send to it there: the cluster's controller has found out why.</summary>
    private static TopicOutcome WithRefusal(TopicOutcome outcome, BrokerCluster cluster) =>
        outcome is { Problem: null, Pending: null, Observed: false } && MasterCalls.SendsRefused(cluster, outcome.Broker) is { } refusal ? outcome with { Pending = refusal } : outcome;

    private async Task<ReconciliationResult<Topic>> ReportAsync(
        Topic topic, IReadOnlyList<TopicOutcome> outcomes, Problem? problem, Problem? pending, CancellationToken cancellationToken, BrokerCluster? cluster = null)
    {
        DateTimeOffset now = _time.GetUtcNow();
        Topic next = new Topic { Metadata = topic.Metadata, Spec = topic.Spec, Status = TopicStatusBuilder.Build(topic, outcomes, problem, pending, now, cluster is null ? null : ClusterMasters.Leaving(cluster)) };
        if (await _status.WriteAsync(topic, next, cancellationToken) == StatusWrite.Written)
        {
            TransitionEvents.Record(_events, topic, topic.Status?.Conditions, next.Status.Conditions);
        }

        DateTimeOffset? closedSince = cluster is null ? null : TopicPlacement.ClosedSince(topic, cluster, next.Status);
        return ReconciliationResult<Topic>.Success(topic, PassIntervals.Next(_options, next.Status.Conditions, closedSince, now));
    }

    [LoggerMessage(EventId = 5101, Level = LogLevel.Information, Message = "Topic {Topic} {What} {Brokers}.")]
    private partial void LogWritten(string topic, string what, string brokers);

    [LoggerMessage(EventId = 5106, Level = LogLevel.Warning, Message = "Topic {Topic} was on {Brokers} and is not there any more: it was "
        + "deleted there by somebody else, or the broker runs with an empty or another store. It was made again, without its messages.")]
    private partial void LogMadeAgain(string topic, string brokers);

    [LoggerMessage(EventId = 5103, Level = LogLevel.Warning, Message = "The message type of topic {Topic} was changed from {Before} to {Type} on {Brokers}, where it has messages.")]
    private partial void LogRetyped(string topic, string before, string type, string brokers);
}
