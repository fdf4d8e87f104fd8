using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Gives groups that elect their master the members they are to have, once those that are there know them.</summary>
internal sealed class ScaleOutStep
{
    private readonly ServerSideApplier _applier;
    private readonly LiveBrokers _live;
    private readonly LeasesStep _leases;
    private readonly IEventRecorder _events;

    public ScaleOutStep(ServerSideApplier applier, LiveBrokers live, LeasesStep leases, IEventRecorder events)
    {
        _applier = applier;
        _live = live;
        _leases = leases;
        _events = events;
    }

    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="observation">Its workloads.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="registrations">What the name servers know.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<IReadOnlyList<ScaleOutPlan>> RunAsync(
        ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, BrokerRegistrations registrations, CancellationToken cancellationToken)
    {
        IReadOnlyList<ScaleOutPlan> plans = ScaleOutPlanner.Next(context, groups);
        if (!plans.Any(static plan => plan.Phase == OperationPhase.Adding))
        {
            return plans;
        }

        // A newcomer that is not known to all cannot join, and nobody restarts while it has not: decided on what the API server says now.
        ClusterObservation live = await _live.ReadAsync(context, observation, cancellationToken);
        ClusterContext now = context.Knowing(context.Facts with { Leases = await _leases.ReadAsync(context, cancellationToken) }).Seeing(live);
        IReadOnlyList<ScaleOutPlan> confirmed = ScaleOutPlanner.Next(now, live.Groups(now, registrations));
        foreach (ScaleOutPlan plan in confirmed.Where(static plan => plan.Phase == OperationPhase.Adding))
        {
            await AddAsync(now, live.Set(plan.Group)!, plan, cancellationToken);
        }

        return confirmed;
    }

    private async Task AddAsync(ClusterContext context, StatefulSet set, ScaleOutPlan plan, CancellationToken cancellationToken)
    {
        // A template that served before may name fewer members: its configuration has no file that the newcomer could start with.
        ClusterContext grown = context.WithMembers(plan.Group, plan.Members).WithRevision(plan.Group, context.RevisionOf(plan.Group).WithoutWayBack());
        try
        {
            await GroupSets.ApplyAsync(_applier, BrokerStatefulSet.Keep(grown, plan.Group, KeptConfigurations.ConfigOf(set.Spec?.Template?.Spec)!), set, cancellationToken);
        }
        catch (KubernetesException changed) when (changed.IsConflict)
        {
            // Its controller writes its status; the next pass sees it.
            return;
        }

        _events.Record(context.Cluster, EventType.Normal, "MembersAdded", "ScaleOut", plan.Message, set);
    }
}
