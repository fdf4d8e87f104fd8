using System.Net;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Restarts the next outdated pod, if one may go now. One pod per pass; what follows is decided from what the next pass sees.</summary>
internal sealed class RollStep
{
    private readonly IKubernetesClient _client;
    private readonly LiveBrokers _live;
    private readonly LeasesStep _leases;
    private readonly MemberFiguresStep _figures;
    private readonly ServingTimes _serving;
    private readonly RecoveryTimes _recovery;
    private readonly OperatorOptions _options;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;

    public RollStep(
        IKubernetesClient client, LiveBrokers live, LeasesStep leases, MemberFiguresStep figures, ServingTimes serving, RecoveryTimes recovery, OperatorOptions options, IEventRecorder events, TimeProvider time)
    {
        _client = client;
        _live = live;
        _leases = leases;
        _figures = figures;
        _serving = serving;
        _recovery = recovery;
        _options = options;
        _events = events;
        _time = time;
    }

    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="observation">Its workloads.</param>
    /// <param name="groups">Its groups with their members' figures.</param>
    /// <param name="registrations">What the name servers know.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<RollPlan> RunAsync(
        ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, BrokerRegistrations registrations, CancellationToken cancellationToken)
    {
        RollPlan plan = Look(context, observation, groups, registrations);
        if (plan.Restart is null)
        {
            return plan;
        }

        // The cache lags behind, and so does what this pass has asked before it made children. A deletion cannot be taken back, so it is decided on what the API server and the brokers say now.
        ClusterObservation live = await _live.ReadAsync(context, observation, cancellationToken);
        ClusterContext now = context.Knowing(context.Facts with { Leases = await _leases.ReadAsync(context, cancellationToken) }).Seeing(live);
        RollPlan confirmed = Look(now, live, await _figures.RunAsync(now, live, live.Groups(now, registrations), cancellationToken), registrations);
        if (confirmed.Restart is not { Live.Uid: { } uid } member)
        {
            // Nothing is outdated there: the pod is being replaced, or its set is newer than what its controller has seen. The members that the status shows are the cache's, and it says that
            // all is done when they are.
            return confirmed.InProgress ? confirmed : plan.Waiting();
        }

        if (!IsNoted(context, member))
        {
            return confirmed.Waiting();
        }

        DeleteOptions options = new DeleteOptions { Preconditions = new Preconditions { Uid = uid } };
        try
        {
            if (member is { Live.Ready: false, TakesMessages: false })
            {
                await _client.DeleteAsync<Pod>(member.Pod, context.Names.Namespace, options, cancellationToken);
            }
            else if (await TryEvictAsync(member.Pod, context.Names.Namespace, options, cancellationToken) is { } refused)
            {
                // Another member of its group has just been taken away, by a drain of its node perhaps, or a budget of somebody else's lets nobody go: the next pass tries again.
                return EvictionRefusal.IsBySeveralBudgets(refused) ? confirmed.Waiting(RollWait.SeveralBudgets, member)
                    : EvictionRefusal.IsByBudget(refused) ? confirmed.Waiting(RollWait.Budget, member) with { Budgets = EvictionRefusal.BudgetsOf(refused) }
                    : confirmed.Waiting();
            }
        }
        catch (KubernetesException replaced) when (replaced.IsConflict)
        {
            // Somebody else restarted it since; the next pass sees the new pod.
            return confirmed;
        }

        _events.Record(
            context.Cluster,
            EventType.Normal,
            "PodRestarted",
            "Restart",
            $"Pod {member.Pod} restarts. Changed since it was made: {member.Live.Changed ?? TemplateChanges.Other}.",
            live.Pod(member.Pod));
        return confirmed;
    }

    /// <summary>Returns the plan of what could restart next, as far as the caches and the figures of this pass say.</summary>
    public RollPlan Look(ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, BrokerRegistrations registrations) => RollPlanner.Next(
        _recovery.Measure(context.Cluster.Key(), observation, _serving.Measure(context.Cluster.Key(), groups)),
        State(observation, registrations),
        _time.GetUtcNow(),
        _options.MasterRestartPause,
        context.Spec.Replication.Mode == ReplicationMode.Sync ? context.Spec.Replication.MinInSync : 1);

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster)
    {
        _serving.Forget(cluster);
        _recovery.Forget(cluster);
    }

    /// <summary>
    /// Returns true when the status before says which pod goes and why: whoever sees another one there can tell it, also when this operator
    /// ends with the deletion. A status without identities was written by an older operator, or with a definition that has no field for
    /// them: nobody waits for what may never come.
    /// </summary>
    private static bool IsNoted(ClusterContext context, ObservedMember member) =>
        RestartList.Before(context.Cluster.Status, member.Pod) is { Outdated: true } noted
        && (noted.PodUid is null || noted.PodUid == member.Live.Uid)
        && noted.OutdatedBy == member.Live.Changed;

    /// <returns>What the API server said when it did not let the pod go; null when it goes.</returns>
    private async Task<KubernetesException?> TryEvictAsync(string pod, string ns, DeleteOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await _client.EvictAsync(pod, ns, options, cancellationToken);
            return null;
        }
        catch (KubernetesException refused) when (refused.Code == HttpStatusCode.TooManyRequests || EvictionRefusal.IsBySeveralBudgets(refused))
        {
            return refused;
        }
        catch (KubernetesException without) when (without.IsNotFound || without.Code == HttpStatusCode.MethodNotAllowed)
        {
            // A server that evicts nobody; and of a pod that has gone nothing is deleted.
            await _client.DeleteAsync<Pod>(pod, ns, options, cancellationToken);
            return null;
        }
    }

    private static NameServerState State(ClusterObservation observation, BrokerRegistrations registrations) =>
        !registrations.Complete ? NameServerState.Silent
        : observation.NameServersRolling ? NameServerState.Replaced
        : NameServerState.Answering;
}
