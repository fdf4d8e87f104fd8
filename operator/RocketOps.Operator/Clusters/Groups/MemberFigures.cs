namespace RocketOps.Operator.Clusters.Groups;

/// <summary>Figures of a member, as its broker tells them when it is asked, and what of them has lasted.</summary>
/// <param name="Answers">
/// Whether it answered when it was asked in this pass; null when it was not asked, and when its pod is not ready and it did not answer
/// either.
/// </param>
/// <param name="LogEnd">Bytes its log has come to, as it says; null when it could not be asked.</param>
/// <param name="SendsRefused">
/// Why it takes no messages although it serves, in its own words; null when it takes them or could not be asked.
/// </param>
/// <param name="RefusedBy">
/// What makes it refuse messages, one of <see cref="MasterRefusals"/>; null with <paramref name="SendsRefused"/>, and of a broker that has no
/// word for it.
/// </param>
/// <param name="Leads">Of a group that elects its master: it says that it is master and serves; null when it could not be asked.</param>
/// <param name="Follows">Of a slave: it copies its master's log now, as it says; null when it does not say.</param>
/// <param name="NotFollowing">Why it does not follow, in its own words; null while it does.</param>
/// <param name="Unanswering">It has not answered for so long that it counts (<see cref="FaultTimes"/>).</param>
/// <param name="Behind">
/// Of a slave: it lacks what its master had some time ago (<see cref="LagTimes"/>); null while that is not known.
/// </param>
internal sealed record MemberFigures(
    bool? Answers = null,
    long? LogEnd = null,
    string? SendsRefused = null,
    string? RefusedBy = null,
    bool? Leads = null,
    bool? Follows = null,
    string? NotFollowing = null,
    bool Unanswering = false,
    bool? Behind = null)
{
    /// <summary>It was not asked.</summary>
    public static readonly MemberFigures Unknown = new();
}
