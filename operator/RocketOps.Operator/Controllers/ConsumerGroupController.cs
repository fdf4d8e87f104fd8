using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Rbac;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.ConsumerGroups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Reporting.Writing;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Controllers;

/// <summary>Keeps a consumer group's settings on every master of its cluster as its object asks for, and puts them back when they drift. Groups without an object are left alone.</summary>
[EntityRbac(typeof(ConsumerGroup), Verbs = RbacVerbs.Read | RbacVerbs.Patch)]
[EntityRbac(typeof(ConsumerGroup), Subresource = "status", Verbs = RbacVerbs.Get | RbacVerbs.Patch)]
[EntityRbac(typeof(BrokerCluster), Verbs = RbacVerbs.Read)]
internal sealed partial class ConsumerGroupController(
    OperatorOptions options,
    MasterIndex<ConsumerGroup> groups,
    ClusterLook<SubscriptionGroupConfig> look,
    ConsumerGroupSummaries summaries,
    ConsumerGroupReconciler reconciler,
    StatusWriter status,
    IEventRecorder events,
    ControllerMetrics metrics,
    TimeProvider time,
    ILogger<ConsumerGroupController> logger) : IEntityController<ConsumerGroup>
{
    public async Task<ReconciliationResult<ConsumerGroup>> ReconcileAsync(ConsumerGroup entity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (entity.IsDeleting())
        {
            return ReconciliationResult<ConsumerGroup>.Success(entity);
        }

        if (ConsumerGroupValidator.Check(entity) is { } problem)
        {
            return await ReportAsync(entity, [], null, problem, null, cancellationToken);
        }

        if (entity.Spec.ManagementPolicy == ManagementPolicy.Manage && ConsumerGroupOwnership.Winner(entity, look.Admitted(entity.Spec.ClusterRef.Key(entity), groups.Same(entity))) is { } winner)
        {
            Problem conflict = new Problem(
                Reasons.ResourceConflict,
                $"ConsumerGroup {winner.NameFor(entity)} is older and has {EffectiveName.Of(entity)} already. Delete one of the two objects.");
            return await ReportAsync(entity, [], null, conflict, null, cancellationToken);
        }

        Look<SubscriptionGroupConfig> found = await look.AsideAsync(
            entity,
            entity.Spec.ClusterRef.Key(entity),
            cluster => entity.Status?.ObservedGeneration == entity.Metadata.Generation && ConsumerGroupClaims.IsEverywhere(entity, cluster),
            entity.Status?.Conditions,
            cancellationToken);
        if (found.View is { } view)
        {
            return await ReconcileMastersAsync(entity, view, cancellationToken);
        }

        return found.Pending is { } pending
            ? await ReportAsync(entity, [], null, null, pending, cancellationToken)
            : ReconciliationResult<ConsumerGroup>.Success(entity, PassIntervals.Settled(options));
    }

    public Task<ReconciliationResult<ConsumerGroup>> DeletedAsync(ConsumerGroup entity, CancellationToken cancellationToken) =>
        Task.FromResult(ReconciliationResult<ConsumerGroup>.Success(entity));

    private async Task<ReconciliationResult<ConsumerGroup>> ReconcileMastersAsync(ConsumerGroup group, ClusterView<SubscriptionGroupConfig> view, CancellationToken cancellationToken)
    {
        Dictionary<string, ConsumerGroupOutcome?> known = view.Round.Masters.ToDictionary(static master => master.Broker, master => ConsumerGroupReconciler.Compare(group, master), StringComparer.Ordinal);
        if (ClusterPause.Of(view.Cluster, time.GetUtcNow()) is { Topics: true } pause)
        {
            foreach (RoundMaster<SubscriptionGroupConfig> master in view.Round.Masters.Where(master => known[master.Broker] is null))
            {
                known[master.Broker] = new ConsumerGroupOutcome(
                    master.Broker, master.Table?.Find(EffectiveName.Of(group)), Pending: MasterCalls.Paused(pause), Observed: ConsumerGroupClaims.Find(group, master.Broker) is null);
            }
        }

        if (await ClaimAsync(group, view, known, cancellationToken) is not { } claims)
        {
            // What its finalizer left, or removed, is not made again.
            return ReconciliationResult<ConsumerGroup>.Success(group);
        }

        List<ConsumerGroupOutcome> outcomes = [];
        foreach (RoundMaster<SubscriptionGroupConfig> master in view.Round.Masters)
        {
            outcomes.Add(known[master.Broker] ?? await reconciler.ReconcileAsync(view, group, master, cancellationToken));
        }

        RecordEvents(group, outcomes, claims);
        RoundMaster<SubscriptionGroupConfig>[] silent = [.. view.Round.Masters.Where(static master => master.Table is null)];
        ConsumerGroupProgress? progress = silent.Length > 0
            ? null
            : await summaries.ReadAsync(view, EffectiveName.Of(group), cancellationToken);
        return await ReportAsync(group, outcomes, progress, null, null, cancellationToken, view.Cluster);
    }

    /// <summary>Decides of masters where the object has never written whether it may, and notes in the status those where it may.</summary>
    /// <param name="group">The object.</param>
    /// <param name="view">Its cluster.</param>
    /// <param name="known">Outcomes by broker; those of brokers where the object may not write are added.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>What those it may write to have now. Null when the object has gone, and nothing is its any more.</returns>
    private async Task<Dictionary<string, SubscriptionGroupConfig?>?> ClaimAsync(
        ConsumerGroup group, ClusterView<SubscriptionGroupConfig> view, Dictionary<string, ConsumerGroupOutcome?> known, CancellationToken cancellationToken)
    {
        ClaimDecision<SubscriptionGroupConfig> claims = new(!ConsumerGroupClaims.HasAny(group), found => ConsumerGroupClaims.MayTake(group.Spec, found));
        foreach (RoundMaster<SubscriptionGroupConfig> master in view.Round.Masters.Where(master => known[master.Broker] is null && ConsumerGroupClaims.Find(group, master.Broker) is null))
        {
            (SubscriptionGroupConfig? found, ConsumerGroupOutcome? failure) = await reconciler.GetAsync(view, group, master, cancellationToken);
            if (failure is not null)
            {
                known[master.Broker] = failure;
            }
            else
            {
                claims.Add(master.Broker, found);
            }
        }

        foreach ((string broker, SubscriptionGroupConfig? found) in claims.GiveUpDiffering())
        {
            known[broker] = new ConsumerGroupOutcome(broker, found, Problem: ConsumerGroupClaims.Conflict(EffectiveName.Of(group), group.Spec, claims.Differing), Observed: true);
        }

        if (claims.TakesOver && TakeoverRefusal.Find(group, $"Consumer group {EffectiveName.Of(group)}", groups, view.Cluster) is { } unreadable)
        {
            foreach ((string broker, SubscriptionGroupConfig? found) in claims.GiveUp())
            {
                known[broker] = new ConsumerGroupOutcome(broker, found, Pending: unreadable, Observed: true);
            }
        }

        if (claims.Taken.Count > 0)
        {
            ConsumerGroupStatus claimed = ConsumerGroupStatusBuilder.Claim(group, claims.Taken.Keys, time.GetUtcNow());
            if (await status.WriteAsync(group, new ConsumerGroup { Metadata = group.Metadata, Spec = group.Spec, Status = claimed }, cancellationToken) == StatusWrite.Gone)
            {
                return null;
            }

            group.Status = claimed;
        }

        return claims.Taken;
    }

    /// <summary>One event per group and kind of change, whatever the number of masters.</summary>
    private void RecordEvents(ConsumerGroup group, List<ConsumerGroupOutcome> outcomes, Dictionary<string, SubscriptionGroupConfig?> claims)
    {
        string name = EffectiveName.Of(group);
        foreach (ConsumerGroupOutcome _ in outcomes.Where(outcome => outcome.Written && !claims.ContainsKey(outcome.Broker) && WasAsAsked(group, outcome.Broker)))
        {
            metrics.Corrected(nameof(ConsumerGroup));
        }

        bool IsNew(ConsumerGroupOutcome outcome) => claims.TryGetValue(outcome.Broker, out SubscriptionGroupConfig? before) && before is null;
        Record("GroupCreated", "was created on", outcome => outcome.Written && IsNew(outcome));
        Record("GroupAdopted", "was there before this object and belongs to it now on", outcome => claims.GetValueOrDefault(outcome.Broker) is not null && outcome.Problem is null);
        Record("GroupUpdated", "was changed on", outcome => outcome.Written && !IsNew(outcome));

        void Record(string reason, string what, Func<ConsumerGroupOutcome, bool> concerns)
        {
            string brokers = string.Join(", ", outcomes.Where(concerns).Select(static outcome => outcome.Broker));
            if (brokers.Length > 0)
            {
                LogWritten(name, what, brokers);
                events.Record(group, EventType.Normal, reason, "Update", $"Consumer group {name} {what} {brokers}.");
            }
        }
    }

    /// <summary>
    /// Returns true when, by the status, which the pass has not written yet, the broker was as asked: what had to be written there was
    /// changed by somebody else, not by the object.
    /// </summary>
    private static bool WasAsAsked(ConsumerGroup group, string broker) =>
        group.Status?.ObservedGeneration == group.Metadata.Generation && Conditions.IsTrue(group.Status?.Conditions, ConditionTypes.Ready) && ConsumerGroupClaims.Find(group, broker) is { Differs: null };

    private async Task<ReconciliationResult<ConsumerGroup>> ReportAsync(
        ConsumerGroup group, IReadOnlyList<ConsumerGroupOutcome> outcomes, ConsumerGroupProgress? progress, Problem? problem, Problem? pending, CancellationToken cancellationToken, BrokerCluster? cluster = null)
    {
        DateTimeOffset now = time.GetUtcNow();
        ConsumerGroup next = new ConsumerGroup { Metadata = group.Metadata, Spec = group.Spec, Status = ConsumerGroupStatusBuilder.Build(group, outcomes, progress, problem, pending, now) };
        if (await status.WriteAsync(group, next, cancellationToken) == StatusWrite.Written)
        {
            TransitionEvents.Record(events, group, group.Status?.Conditions, next.Status.Conditions);
        }

        DateTimeOffset? closedSince = cluster is null ? null : ClusterMasters.ClosedSince(cluster, broker => next.Status.Brokers?.Exists(known => known.Name == broker) == true);
        return ReconciliationResult<ConsumerGroup>.Success(group, PassIntervals.Next(options, next.Status.Conditions, closedSince, now));
    }

    [LoggerMessage(EventId = 5201, Level = LogLevel.Information, Message = "Consumer group {Group} {What} {Brokers}.")]
    private partial void LogWritten(string group, string what, string brokers);
}
