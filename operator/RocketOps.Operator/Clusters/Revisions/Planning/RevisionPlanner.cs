using System.Globalization;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.LiveConfig;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Revisions.Planning;

/// <summary>
/// Decides which groups get a new template. A set makes every pod from the one template it has, also those that a drain, a lost node or a person takes away. So a new one goes to one group first, the one whose pod would
/// restart first, and to the others when a pod of it has served there. One that fails goes nowhere else, and goes from where it is. A group that has nothing to lose gets it at once: one with a pod that does not start
/// with what it has, for the change may be the repair. While restarts are paused no set that is there gets a new one, and where no pod was made from what is tried the set has what ran again: whoever takes a pod away gets one of what ran.
/// </summary>
internal static class RevisionPlanner
{
    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="observation">Its workloads.</param>
    /// <param name="restartsPaused">Somebody asked that no broker is restarted.</param>
    public static RevisionPlan Plan(ClusterContext context, ClusterObservation observation, bool restartsPaused)
    {
        Candidate[] groups = [.. context.Groups.Select(group => Find(context, observation, group)).OfType<Candidate>()];
        HashSet<string> failed = [.. groups.Where(static group => group.Revision.HasFailed(group.Wanted)).Select(static group => group.Likeness)];
        HashSet<string> proven = [.. groups.Where(static group => group is { IsPending: false, Revision.Proven: true }).Select(static group => group.Likeness)];
        Candidate[] open = [.. groups.Where(group => !failed.Contains(group.Likeness) && (group.IsPending ? !proven.Contains(group.Likeness) : group.Revision.IsTried))];
        string? first = Array.Exists(open, static group => group.HasBegun) ? null : First(open);
        return new RevisionPlan(groups.ToDictionary(static group => group.Name, group => new PlannedRevision(Choose(group), group.Wanted, failed.Contains(group.Likeness), group.IsBroken), StringComparer.Ordinal));

        RevisionChoice Choose(Candidate group)
        {
            if (failed.Contains(group.Likeness))
            {
                return group.IsPending ? RevisionChoice.Keep : group.Revision.HasWayBack ? RevisionChoice.Return : RevisionChoice.Give;
            }

            if (restartsPaused)
            {
                return group.IsPending ? RevisionChoice.Keep : group is { Revision: { IsTried: true, HasWayBack: true }, HasBegun: false } ? RevisionChoice.Return : RevisionChoice.Give;
            }

            if (!open.Contains(group) || group.Name == first || group.HasNothingToLose)
            {
                return RevisionChoice.Give;
            }

            return group.IsPending ? RevisionChoice.Keep

                // Another group has lost a pod before this one's first was restarted: that one goes first.
                : first is not null && group.Revision.HasWayBack ? RevisionChoice.Return
                : RevisionChoice.Give;
        }
    }

    private static Candidate? Find(ClusterContext context, ClusterObservation observation, string group)
    {
        // Of a set that is older than the notes nobody knows what it would be to keep its template.
        if (observation.Set(group) is not { } set || set.IsDeleting() || context.Notes.Of(set) is not { Current: not null } revision || !context.IsAddressed(group)
            || (context.Kept.KeepsBrokers ? context.Kept.Of(group) : BrokerConfigMap.Build(context, group).Name()) is not { } configuration)
        {
            return null;
        }

        string wanted = TemplateText.Write(BrokerStatefulSet.Template(context, group, configuration));
        ObservedGroup view = ObservedGroup.Of(context, group, observation, BrokerRegistrations.Unknown);
        ObservedMember[] failing = [.. view.Members.Where(member => DoesNotStart(observation.Pod(member.Pod)))];
        bool failsNow = Array.Exists(failing, static member => !member.Live.Outdated);
        return new Candidate(group, revision, wanted, Likeness(context, group, wanted, configuration), view, failing.Length > 0, failsNow);
    }

    /// <summary>
    /// Returns the common part of the templates of all groups when the same is asked for of them: without their names, members and
    /// addresses.
    /// </summary>
    private static string Likeness(ClusterContext context, string group, string wanted, string configuration)
    {
        ReplicationSpec replication = context.Spec.Replication;
        return ContentHash.Of(
        [
            new("template", wanted.Replace(configuration, "", StringComparison.Ordinal).Replace(group, "", StringComparison.Ordinal)),
            new("replication", string.Create(CultureInfo.InvariantCulture, $"{replication.Mode} {replication.MinInSync} {replication.Failover} {replication.Addressing} {replication.ApiOutage}")),
            .. (context.Kept.KeepsBrokers ? [] : LiveKeys.NotIn(context.Spec.Brokers.Config)).Select(static key => KeyValuePair.Create("config/" + key.Key, key.Value)),
        ]);
    }

    /// <summary>The group of the pod that a restart would take first; of several that are as good the one that has the template. Not one whose objects are refused, unless all are: its set would not get it.</summary>
    private static string? First(Candidate[] groups) => groups
        .SelectMany(static group => group.View.Members.Select(member => (Group: group, Member: member)))
        .OrderBy(static pair => pair.Group.View.IsTroubled)
        .ThenBy(static pair => pair.Member is { Live: { Uid: not null, Ready: true } } ? 1 : 0)
        .ThenBy(static pair => pair.Group.IsPending)
        .ThenBy(static pair => pair.Member.Role == BrokerMemberRole.Slave ? 0 : 1)
        .ThenBy(static pair => pair.Group.Name, StringComparer.Ordinal)
        .FirstOrDefault().Group?.Name;

    /// <summary>
    /// Returns true when a pod does not start. One that has just been made again does not count: that is what is to come with what ran.
    /// </summary>
    private static bool DoesNotStart(Pod? pod) =>
        PodTrouble.IsFailing(pod) || (pod is not null && !pod.IsDeleting() && pod.Status?.ContainerStatuses?.Exists(static container => container is { Ready: false, Started: true }) == true);

    /// <summary>A group whose set is there.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Revision">What its set notes.</param>
    /// <param name="Wanted">The template that is asked for.</param>
    /// <param name="Likeness">What it has in common with those of the other groups.</param>
    /// <param name="View">Its members.</param>
    /// <param name="HasNothingToLose">One of its pods does not start with what it has.</param>
    /// <param name="IsBroken">One does not that was made from the set's present template.</param>
    private sealed record Candidate(string Name, GroupRevision Revision, string Wanted, string Likeness, ObservedGroup View, bool HasNothingToLose, bool IsBroken)
    {
        /// <summary>The set does not have what is asked for.</summary>
        public bool IsPending => Revision.Current != Wanted;

        /// <summary>Its set has what is asked for, and a pod was made from it, is about to be, or may have been.</summary>
        public bool HasBegun =>
            !IsPending
            && (!View.Observed
                || View.Members.Any(static member => member.Live is { Uid: null } or { Terminating: true } or { Outdated: false }));
    }
}
