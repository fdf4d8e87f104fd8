using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>What the world shows of one wanted member of a broker group.</summary>
/// <param name="Group">The group, which is its StatefulSet and its brokerName.</param>
/// <param name="Pod">Name of the member's pod.</param>
/// <param name="Ordinal">Position in the StatefulSet. Says nothing of the role.</param>
/// <param name="Rank">What the member is in its group.</param>
/// <param name="Uid">Of the live pod; null when there is none. A deletion names it, so that a replacement is never hit.</param>
/// <param name="Ready">The pod serves.</param>
/// <param name="Outdated">The pod was made from an older template than the set's.</param>
/// <param name="Terminating">The pod is being deleted.</param>
/// <param name="Registered">The name servers know the pod by its address; null when they could not be asked.</param>
/// <param name="ReadySince">Since when the pod serves, by the clock of its node (<see cref="ServingTimes"/> says it by ours); null when it does not or does not say.</param>
/// <param name="SendsRefused">Why it takes no messages although it serves, in its own words; null when it takes them or could not be asked.</param>
/// <param name="LogEnd">Bytes its log has come to, as it says; null when it could not be asked.</param>
/// <param name="Changed">Of an outdated pod what has changed in the template since, see <see cref="TemplateChanges"/>.</param>
/// <param name="Leads">Of a group that elects its master: it says that it is the master and serves; null when it could not be asked.</param>
/// <param name="RefusedBy">What makes it refuse messages, one of <see cref="SendRefusals"/>; null with <paramref name="SendsRefused"/>, and of a broker that has no word for it.</param>
/// <param name="Follows">Of a slave: it copies its master's log now, as it says; null when it does not say.</param>
/// <param name="NotFollowing">Why it does not follow, in its own words; null while it does.</param>
/// <param name="Answers">Whether it answered when it was asked in this pass; null when it was not asked, and when its pod is not ready and it did not answer either.</param>
/// <param name="Unanswering">It has not answered for so long that it counts (<see cref="FaultTimes"/>).</param>
/// <param name="Recovering">It does not serve yet, and may by itself (<see cref="RecoveryTimes"/>).</param>
/// <param name="Behind">Of a slave: it lacks what its master had some time ago (<see cref="LagTimes"/>); null while that is not known.</param>
internal sealed record MemberState(
    string Group,
    string Pod,
    int Ordinal,
    MemberRank Rank,
    string? Uid,
    bool Ready,
    bool Outdated,
    bool Terminating,
    bool? Registered = null,
    DateTimeOffset? ReadySince = null,
    string? SendsRefused = null,
    long? LogEnd = null,
    string? Changed = null,
    bool? Leads = null,
    string? RefusedBy = null,
    bool? Follows = null,
    string? NotFollowing = null,
    bool? Answers = null,
    bool Unanswering = false,
    bool Recovering = false,
    bool? Behind = null)
{
    /// <summary>Role the member holds.</summary>
    public BrokerMemberRole Role => Rank.Role;

    /// <summary>The member serves and nothing is about to change that.</summary>
    public bool Settled => Uid is not null && Ready && !Terminating;

    /// <summary>The member serves, as its pod says or as it says itself: a node that was silent for a while has pods that are not ready and brokers that never stopped.</summary>
    public bool Serves => Settled || (Uid is not null && !Terminating && Answers == true);

    /// <summary>It is a master that takes messages and that clients find, as it and the name servers say, whatever its pod says.</summary>
    public bool TakesMessages => Role == BrokerMemberRole.Master && Serves && Answers == true && Leads != false && Registered != false && SendsRefused is null;
}
