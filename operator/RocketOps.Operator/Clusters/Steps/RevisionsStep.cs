using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Clusters.Revisions.Planning;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Notes on a group's set that a pod of its template serves, that all do, or that the template fails: then the set gets the last one back with which all served, in the same write. What failed is not tried again by itself,
/// unless what ran does not start either.
/// </summary>
internal sealed class RevisionsStep
{
    private readonly ServerSideApplier _applier;
    private readonly LiveBrokers _live;
    private readonly FailedStarts _starts;
    private readonly IEventRecorder _events;

    public RevisionsStep(ServerSideApplier applier, LiveBrokers live, FailedStarts starts, IEventRecorder events)
    {
        _applier = applier;
        _live = live;
        _starts = starts;
        _events = events;
    }

    /// <param name="context">The cluster.</param>
    /// <param name="observation">Its workloads, not older than what was applied in this pass.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="registrations">What the name servers know.</param>
    /// <param name="refusals">The pods that cannot be made.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<RevisionsOutcome> RunAsync(
        ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, BrokerRegistrations registrations, RefusedPods refusals, CancellationToken cancellationToken)
    {
        List<StatefulSet> written = [];
        List<string> refused = [];
        _starts.Look(context.Cluster.Key(), observation, groups);
        foreach (ObservedGroup group in groups.Where(static group => group.Observed))
        {
            GroupRevision revision = context.Notes.Of(group.Set);
            GroupRevision served = !(revision.IsTried || revision.HasWayBack) || !group.Members.Any(member => Serves(group, member)) ? revision
                : group.Members.All(member => Serves(group, member)) ? revision.Settle()
                : revision.Prove();
            if (served != revision)
            {
                await NoteAsync(context, group.Set!, served);
            }
        }

        foreach (ObservedGroup group in groups.Where(group => group.Observed && context.Revisions.WantedOf(group.Name) is { } wanted && context.Notes.Of(group.Set).HasFailed(wanted)))
        {
            if (Reconsider(group, context.Notes.Of(group.Set), _starts.Of(context, observation, group, refusals)) is { } revision)
            {
                await NoteAsync(context, group.Set!, revision);
            }
        }

        if (!groups.Any(group => MayFail(context, group) && _starts.Of(context, observation, group, refusals) is not []))
        {
            return Outcome();
        }

        // The cache lags behind, and what has failed is not tried again by itself: decided on what the API server says now.
        ClusterObservation live = await _live.ReadAsync(context, observation, cancellationToken);
        ClusterContext now = context.Seeing(live);
        foreach (ObservedGroup group in live.Groups(now, registrations).Where(group => MayFail(context, group)))
        {
            if (_starts.Of(now, live, group, refusals) is not [] and string[] words)
            {
                string why = PodWords.List(words, "; ");
                if (await NoteAsync(now, group.Set!, context.Notes.Of(group.Set).Fail(why)))
                {
                    _events.Record(
                        context.Cluster, EventType.Warning, "RolloutFailed", "Rollout", $"StatefulSet {group.Name} makes pods from its former template again, since the one asked for does not start them: {why}.", group.Set);
                }
            }
        }

        return Outcome();

        // One that has just been noted to serve is looked at again in the next pass.
        bool MayFail(ClusterContext known, ObservedGroup group) => group.Observed && known.Notes.Of(group.Set).HasWayBack && !written.Exists(set => set.Name() == group.Name) && !refused.Contains(group.Name);

        async Task<bool> NoteAsync(ClusterContext known, StatefulSet set, GroupRevision revision)
        {
            try
            {
                written.Add(await GroupSets.ApplyAsync(
                    _applier, BrokerStatefulSet.Keep(known.WithRevision(set.Name(), revision), set.Name(), KeptConfigurations.ConfigOf(set.Spec?.Template?.Spec) ?? ""), set, cancellationToken));
                return true;
            }
            catch (KubernetesException changed) when (changed.IsConflict)
            {
                // Its controller writes its status; the next pass sees it.
                refused.Add(set.Name());
                return false;
            }
        }

        // A cluster that is told to be ready has noted what it would go back to.
        RevisionsOutcome Outcome() => new(
            written,
            refused.Count == 0 ? null : new Problem(Reasons.Updating, $"What is known of the templates of {PodWords.List([.. refused])} is still to be noted on their StatefulSets, which have changed since they were looked at."));
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _starts.Forget(cluster);

    /// <summary>
    /// Reconsiders who is at fault: where a pod does not start with what ran either, the new template may not be. A volume, a node or a
    /// registry may be. It is tried again when the pods serve with what ran.
    /// </summary>
    /// <returns>What is to be noted now; null for nothing new.</returns>
    private static GroupRevision? Reconsider(ObservedGroup group, GroupRevision revision, string[] failures) =>
        revision.IsDoubted
            ? group.Members.All(static member => member is { Settled: true, Registered: true, Live.Outdated: false })
                ? revision.Forgive()
                : null
            : failures is not [] ? revision with { IsDoubted = true }
            : null;

    /// <summary>Returns true when a pod of the set's template does all that is asked of a member.</summary>
    private static bool Serves(ObservedGroup group, ObservedMember member) =>
        member is { Live.Outdated: false, Settled: true, Registered: true } && (!group.IsElected || group.Lease?.Has(member.Pod) == true);
}

/// <summary>Outcome of noting the groups' templates.</summary>
/// <param name="Noted">The sets that were written.</param>
/// <param name="Changed">Sets that have changed since this pass looked at them, so that what is to be noted of them is not yet; null for none.</param>
internal sealed record RevisionsOutcome(IReadOnlyList<StatefulSet> Noted, Problem? Changed);
