using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Events;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Takes the next member away that is more than asked for, if it may go now. One member per pass; its claim stays.</summary>
internal sealed class ScaleInStep
{
    private readonly ServerSideApplier _applier;
    private readonly LiveBrokers _live;
    private readonly LeasesStep _leases;
    private readonly MemberFiguresStep _figures;
    private readonly IEventRecorder _events;

    public ScaleInStep(ServerSideApplier applier, LiveBrokers live, LeasesStep leases, MemberFiguresStep figures, IEventRecorder events)
    {
        _applier = applier;
        _live = live;
        _leases = leases;
        _figures = figures;
        _events = events;
    }

    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="observation">Its workloads.</param>
    /// <param name="groups">Its groups with their members' figures.</param>
    /// <param name="registrations">What the name servers know.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<ScaleInPlan> RunAsync(
        ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, BrokerRegistrations registrations, CancellationToken cancellationToken)
    {
        int wanted = context.Spec.Brokers.Replicas;
        ScaleInPlan plan = ScaleInPlanner.Next(wanted, groups, observation, registrations);
        if (plan is not { Phase: OperationPhase.Removing, Leaving: { } leaving })
        {
            return plan.InProgress ? plan : ElectedScaleIn.Left(context, groups);
        }

        // The cache lags behind, and a copy that goes does not come back by itself: decided on what the API server and the brokers say now. What the group had at the first look those that stay have to have
        // at this one; asked at once, the logs of a group at work differ by what comes meanwhile.
        ClusterObservation live = await _live.ReadAsync(context, observation, cancellationToken);
        ClusterContext now = context.Knowing(context.Facts with { Leases = await _leases.ReadAsync(context, cancellationToken) }).Seeing(live);
        IReadOnlyList<ObservedGroup> asked = await _figures.RunAsync(now, live, live.Groups(now, registrations), cancellationToken);
        long? noted = ScaleInPlanner.EndOf(groups.First(group => group.Name == leaving.Group));
        ScaleInPlan confirmed = ScaleInPlanner.Next(wanted, [.. asked.Select(group => Remembering(group, leaving))], live, registrations, noted);
        if (!confirmed.InProgress)
        {
            // It has gone since. All else that this pass tells is by what it saw, in which that is there: ready the cluster is when a pass sees it so.
            return plan with { Phase = OperationPhase.Stopping, Leaving = null, Successor = null };
        }

        if (confirmed is not { Phase: OperationPhase.Removing, Group: { } name } || confirmed.Pod != leaving.Pod || live.Set(name) is not { } set || KeptConfigurations.ConfigOf(set.Spec?.Template?.Spec) is not { } configuration)
        {
            return confirmed;
        }

        if (!await _live.IsAskedAsync(context, cancellationToken))
        {
            return confirmed;
        }

        try
        {
            await GroupSets.ApplyAsync(_applier, BrokerStatefulSet.Keep(now.WithoutLastMember(name), name, configuration), set, cancellationToken);
        }
        catch (KubernetesException changed) when (changed.IsConflict)
        {
            // Its controller writes its status; the next pass sees it.
            return confirmed;
        }

        _events.Record(
            context.Cluster,
            EventType.Normal,
            "MemberRemoved",
            "ScaleIn",
            $"{confirmed.Pod} leaves {name}. Its claim {confirmed.Claim} stays with its messages: raising brokers.replicas takes it up again.",
            set);
        return confirmed;
    }

    private static ObservedGroup Remembering(ObservedGroup group, ObservedMember leaving) => group.Name != leaving.Group
        ? group
        : group with
        {
            Members =
            [
                .. group.Members.Select(member => member.Pod == leaving.Pod && member.Says.LogEnd is { } end
                    ? member with { Says = member.Says with { LogEnd = leaving.Says.LogEnd ?? end } }
                    : member),
            ],
        };
}
