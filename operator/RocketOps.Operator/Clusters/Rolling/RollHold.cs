using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>Reason why the operator restarts nobody now, whichever pod would be next.</summary>
/// <param name="Why">The kind of reason.</param>
/// <param name="WaitsFor">A member of the group that this is about; null when it is about none.</param>
/// <param name="Problem">What has to be set right or become known first, with <see cref="RollWait.Held"/>.</param>
internal sealed record RollHold(RollWait Why, ObservedMember? WaitsFor = null, Problem? Problem = null)
{
    /// <summary>The next pass, which comes by itself, sees: somebody asked for a pause, or something was changed in this one.</summary>
    public static readonly RollHold ForNow = new(RollWait.None);

    /// <summary>Hold while a member is taken away from its group.</summary>
    public static readonly RollHold ForRemoval = new(RollWait.Removal);

    /// <summary>Returns the hold for pods that are left as they are for a reason that is told anyway.</summary>
    public static RollHold For(Problem problem) => new(RollWait.Held, Problem: problem);

    /// <summary>
    /// Returns the hold while a set's controller has not seen it: which of its pods are outdated is not known before; null when all have
    /// been seen.
    /// </summary>
    public static RollHold? OfUnobserved(IEnumerable<ObservedGroup> groups) =>
        groups.FirstOrDefault(static group => group is { Set: not null, Observed: false }) is { } group ? new RollHold(RollWait.Unobserved, group.Members.Count > 0 ? group.Members[0] : null) : null;
}
