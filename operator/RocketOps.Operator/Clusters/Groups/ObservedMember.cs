using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>Member of a broker group that is wanted, as the world shows it.</summary>
/// <param name="Group">The group, which is its StatefulSet and its brokerName.</param>
/// <param name="Pod">Name of the member's pod.</param>
/// <param name="Ordinal">Position in the StatefulSet. Says nothing of the role.</param>
/// <param name="Rank">What the member is in its group.</param>
/// <param name="Live">What its pod shows.</param>
/// <param name="Says">What its broker says.</param>
/// <param name="Registered">The name servers know the pod by its address; null when they could not be asked.</param>
internal sealed record ObservedMember(
    string Group, string Pod, int Ordinal, MemberRank Rank, MemberPod Live, MemberFigures Says, bool? Registered)
{
    /// <summary>Role the member holds.</summary>
    public BrokerMemberRole Role => Rank.Role;

    /// <summary>The member serves and nothing is about to change that.</summary>
    public bool Settled => Live is { Uid: not null, Ready: true, Terminating: false };

    /// <summary>
    /// The member serves, as its pod says or as it says itself: a node that was silent for a while has pods that are not ready and brokers
    /// that never stopped.
    /// </summary>
    public bool Serves => Settled || (Live is { Uid: not null, Terminating: false } && Says.Answers == true);

    /// <summary>It is a master that takes messages and that clients find, as it and the name servers say, whatever its pod says.</summary>
    public bool TakesMessages =>
        Role == BrokerMemberRole.Master && Serves && Registered != false && Says is { Answers: true, Leads: not false, SendsRefused: null };
}
