using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>Why the operator restarts nobody now, whichever pod would be next.</summary>
/// <param name="Why">The kind of reason.</param>
/// <param name="WaitsFor">A member of the group that this is about; null when it is about none.</param>
/// <param name="Problem">What has to be set right or become known first, with <see cref="RollWait.Held"/>.</param>
internal sealed record RollHold(RollWait Why, MemberState? WaitsFor = null, Problem? Problem = null)
{
    /// <summary>The next pass, which comes by itself, sees: somebody asked for a pause, or something was changed in this one.</summary>
    public static readonly RollHold ForNow = new(RollWait.None);

    /// <summary>While a member is taken away from its group.</summary>
    public static readonly RollHold ForRemoval = new(RollWait.Removal);

    /// <summary>While pods are left as they are for a reason that is told anyway.</summary>
    public static RollHold For(Problem problem) => new(RollWait.Held, Problem: problem);

    /// <summary>Of which pods are outdated nothing is known before their set's controller has seen it; null when all have been.</summary>
    public static RollHold? OfUnobserved(IEnumerable<GroupView> groups) =>
        groups.FirstOrDefault(static group => group is { Set: not null, Observed: false }) is { } group ? new RollHold(RollWait.Unobserved, group.Members.Count > 0 ? group.Members[0] : null) : null;
}
