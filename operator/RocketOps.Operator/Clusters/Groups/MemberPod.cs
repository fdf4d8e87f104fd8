using RocketOps.Operator.Clusters.Pods;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>Pod of a member as the API server shows it.</summary>
/// <param name="Uid">Of the live pod; null when there is none. A deletion names it, so that a replacement is never hit.</param>
/// <param name="Ready">The pod serves.</param>
/// <param name="Outdated">The pod was made from an older template than the set's.</param>
/// <param name="Terminating">The pod is being deleted.</param>
/// <param name="ReadySince">
/// Since when the pod serves, by the clock of its node (<see cref="ServingTimes"/> says it by ours); null when it does not or does not say.
/// </param>
/// <param name="Changed">Of an outdated pod what has changed in the template since, see <see cref="TemplateChanges"/>.</param>
/// <param name="Recovering">It does not serve yet, and may by itself (<see cref="RecoveryTimes"/>).</param>
internal sealed record MemberPod(
    string? Uid,
    bool Ready,
    bool Outdated,
    bool Terminating,
    DateTimeOffset? ReadySince = null,
    string? Changed = null,
    bool Recovering = false)
{
    /// <summary>There is none.</summary>
    public static readonly MemberPod None = new(null, Ready: false, Outdated: false, Terminating: false);
}
