using RocketOps.Broker.Replication;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Topics;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Store;

namespace RocketOps.Broker.Failover;

/// <summary>This broker, as a <see cref="GroupJoin"/> sees it.</summary>
internal sealed class JoiningBroker(
    FailoverMember member, MessageStore store, RoleManager roles, TopicRecovery topics, MasterAddresses addresses, MemberQuestions questions) : IJoinHost
{
    public bool HasFailed => member.Standing.HasFailed;

    public bool HasRoom => member.HasRoom;

    public long SeenEpoch => member.Standing.SeenEpoch;

    public Task<(MemberCopy Copy, string GroupId, LogEnd Confirmed)> IdentifyAsync(CancellationToken cancellationToken) =>
        member.IdentifyAsync(cancellationToken);

    public Task<JoinAnswer> AskMasterAsync(string address, JoinRequest join, CancellationToken cancellationToken) => questions.JoinAsync(address, join, cancellationToken);

    public Task TellLeavingAsync(string address, JoinRequest left, long ticket, CancellationToken cancellationToken) => questions.LeaveAsync(address, left, ticket, cancellationToken);

    public LogExtent TakeExtent()
    {
        store.Writer.WritePending();
        return new LogExtent(member.Epochs, store.GetStats().MinOffset.Value, store.Positions.Appended.Value);
    }

    public Task<JoinPlan> PlanAsync(LeaseRecord lease, LogExtent own, JoinAnswer master, CancellationToken cancellationToken) =>
        member.PlanAsync(lease, own, master, cancellationToken);

    public async Task CutAsync(LeaseRecord lease, long at, long end)
    {
        // Before the cut: a kill between the two leaves notes that are too few, and those keep old messages at the worst.
        await topics.ForgetDeletionsBehindAsync(new PhysicalOffset(at));
        await roles.CutAsFollowerAsync(new PhysicalOffset(at));
        member.TellCut(lease, at, end);
    }

    public async Task BeginLogAtAsync(long at) => await store.BeginLogAtAsync(new PhysicalOffset(at), CancellationToken.None);

    public Task NoteJoinedAsync(EpochHistory epochs, string groupId, CancellationToken cancellationToken) => member.NoteJoinedAsync(epochs, groupId, cancellationToken);

    public void Follow(LeaseRecord lease, string haAddress) => addresses.Elect(lease.HolderAddress, haAddress, lease.Epoch);

    public Task<bool> TryStandInAsync(LeaseRecord lease, CancellationToken cancellationToken) => member.TryStandInAsync(lease, cancellationToken);

    public void TellNotLeft(LeaseRecord lease, string reason) => member.TellNotLeft(lease, reason);
}
