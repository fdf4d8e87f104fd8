using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Revisions;

/// <summary>Templates that the groups get in this pass.</summary>
/// <param name="Groups">By group; without those whose sets are not there.</param>
internal sealed record RevisionPlan(IReadOnlyDictionary<string, PlannedRevision> Groups)
{
    public static readonly RevisionPlan None = new(new Dictionary<string, PlannedRevision>());

    /// <summary>
    /// Returns true when some groups are still to get what is asked for once a pod of it has served in another one; what has failed does
    /// not count.
    /// </summary>
    /// <param name="notes">Reads what they note.</param>
    /// <param name="sets">The sets as they are now.</param>
    public bool Waits(RevisionNotes notes, IReadOnlyList<StatefulSet> sets) =>
        sets.Any(set => IsPending(notes, set)) && Failures(notes, sets).Length == 0;

    /// <summary>Returns true when a group's set does not have what is asked for.</summary>
    /// <param name="notes">Reads what it notes.</param>
    /// <param name="set">The set as it is now; null when there is none.</param>
    public bool IsPending(RevisionNotes notes, StatefulSet? set) => set is not null && WantedOf(set.Metadata.Name!) is { } wanted && notes.Of(set).Current is { } current && current != wanted;

    /// <summary>The template that is asked for of a group; null when its set is not there.</summary>
    public string? WantedOf(string group) => Groups.GetValueOrDefault(group)?.Wanted;

    /// <summary>A pod does not start with the template that a group's set has.</summary>
    public bool IsBroken(string group) => Groups.GetValueOrDefault(group)?.IsBroken == true;

    public RevisionChoice ChoiceOf(string group) => Groups.GetValueOrDefault(group)?.Choice ?? RevisionChoice.Give;

    /// <summary>The pods that what is asked for did not start, and why, whatever their sets have meanwhile; empty when there are none.</summary>
    /// <param name="notes">Reads what they note.</param>
    /// <param name="sets">The sets as they are now.</param>
    public string[] Failures(RevisionNotes notes, IEnumerable<StatefulSet> sets) =>
    [
        .. sets.Select(set => (Revision: notes.Of(set), Wanted: WantedOf(set.Metadata.Name!)))
            .Where(static set => set.Wanted is not null && set.Revision.FailedWhy is not null && set.Revision.HasFailed(set.Wanted))
            .Select(static set => set.Revision.FailedWhy!),
    ];
}

/// <summary>Decision about the template of one group.</summary>
/// <param name="Choice">Which one its set gets.</param>
/// <param name="Wanted">The one that is asked for, as <see cref="TemplateText"/>.</param>
/// <param name="HasFailed">What is asked for has failed to start a pod, here or in another group.</param>
/// <param name="IsBroken">A pod does not start with the template that the set has.</param>
internal sealed record PlannedRevision(RevisionChoice Choice, string Wanted, bool HasFailed, bool IsBroken);

/// <summary>Choice of the template that the set of a group gets.</summary>
internal enum RevisionChoice
{
    /// <summary>The one that is asked for.</summary>
    Give,

    /// <summary>The one it has.</summary>
    Keep,

    /// <summary>The last one a pod of which served, instead of one that was not proven.</summary>
    Return,
}
