using RocketOps.Broker.Replication;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Surroundings that a <see cref="GroupJoin"/> needs in its broker: its member, its store and a way to its master. Used by one follower at
/// a time.
/// </summary>
internal interface IJoinHost
{
    /// <inheritdoc cref="MemberStanding.HasFailed"/>
    bool HasFailed { get; }

    /// <inheritdoc cref="IMemberHost.HasRoom"/>
    bool HasRoom { get; }

    /// <inheritdoc cref="MemberStanding.SeenEpoch"/>
    long SeenEpoch { get; }

    /// <inheritdoc cref="FailoverMember.IdentifyAsync"/>
    Task<(MemberCopy Copy, string GroupId, LogEnd Confirmed)> IdentifyAsync(CancellationToken cancellationToken);

    /// <inheritdoc cref="MemberQuestions.JoinAsync"/>
    Task<JoinAnswer> AskMasterAsync(string address, JoinRequest join, CancellationToken cancellationToken);

    /// <inheritdoc cref="MemberQuestions.LeaveAsync"/>
    Task TellLeavingAsync(string address, JoinRequest left, long ticket, CancellationToken cancellationToken);

    /// <summary>This log and who wrote it. Nobody appends meanwhile: messages are refused, and the only follower is the one that asks.</summary>
    LogExtent TakeExtent();

    /// <inheritdoc cref="FailoverMember.PlanAsync"/>
    Task<JoinPlan> PlanAsync(LeaseRecord lease, LogExtent own, JoinAnswer master, CancellationToken cancellationToken);

    /// <summary>Cuts this log, and keeps what is cut off. Ends no sooner than it is done.</summary>
    Task CutAsync(LeaseRecord lease, long at, long end);

    /// <summary>A log without a byte begins there.</summary>
    Task BeginLogAtAsync(long at);

    /// <inheritdoc cref="FailoverMember.NoteJoinedAsync"/>
    Task NoteJoinedAsync(EpochHistory epochs, string groupId, CancellationToken cancellationToken);

    /// <summary>Copies tables from that master from now on, and the log from that address.</summary>
    void Follow(LeaseRecord lease, string haAddress);

    /// <inheritdoc cref="FailoverMember.TryStandInAsync"/>
    Task<bool> TryStandInAsync(LeaseRecord gone, CancellationToken cancellationToken);

    /// <summary>The master was not told that this member leaves.</summary>
    void TellNotLeft(LeaseRecord lease, string reason);
}
