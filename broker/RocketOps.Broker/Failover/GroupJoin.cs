using System.Net.Sockets;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Election;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Join of a follower before it copies a byte: it asks the master for its epochs, cuts its own log where both part, notes which epochs the
/// bytes to come are of, and belongs to the group from then on. In this order: an epoch is noted before its bytes, and a store of unknown
/// origin is never cut. One follower at a time uses it.
/// </summary>
internal sealed class GroupJoin(LeaseRecord lease, IJoinHost host, TimeProvider time) : IGroupJoin
{
    private long _ticket = -1;
    private long _servedAt;
    private bool _standsIn;

    public string Master => $"{lease.Holder} at {lease.HolderAddress}";

    /// <summary>Time for which the master has not said that it serves; <see cref="TimeSpan.MaxValue"/> when it never has.</summary>
    public TimeSpan MasterSilence => Volatile.Read(ref _servedAt) is > 0 and var at ? time.GetElapsedTime(at) : TimeSpan.MaxValue;

    public void OnMasterServes()
    {
        Volatile.Write(ref _servedAt, Math.Max(1, time.GetTimestamp()));
        _standsIn = false;
    }

    public async Task<JoinedMaster> JoinAsync(Func<string, CancellationToken, Task> checkAsync, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        (MemberCopy copy, string ownGroup, LogEnd confirmed) = await host.IdentifyAsync(cancellationToken);
        if (!host.HasRoom && !lease.InSync.Contains(copy))
        {
            // With everything that is there it would be taken for in sync, and every send would wait for what it cannot write.
            throw new HaRefusedException("its disk is full; it goes on when there is room");
        }

        JoinAnswer master = await AskAsync(new JoinRequest(ownGroup, copy, lease.Epoch) { Confirmed = confirmed }, cancellationToken);

        // From now on the master knows it by this one, also when it leaves before it has followed.
        Volatile.Write(ref _ticket, master.Ticket);

        LogExtent own = host.TakeExtent();
        JoinPlan plan = await host.PlanAsync(lease, own, master, cancellationToken);
        if (plan.Refusal is { } refusal)
        {
            throw new HaRefusedException(refusal);
        }

        if (ownGroup.Length == 0 && plan.Cuts)
        {
            throw new HaRefusedException(
                $"this store belongs to no group yet, and has messages behind offset {plan.At} that the master has not: which of them are right is not known; move the store away and start this member empty");
        }

        if (own.Epochs.Entries.Count == 0 && plan.Cuts)
        {
            throw new HaRefusedException(
                $"this store belongs to group {ownGroup}, and which master wrote its log is not known here: what it has behind offset {plan.At} may have been acknowledged, and is not cut; move the store away and start this member empty");
        }

        await CutToMasterAsync(own, plan);
        await checkAsync(lease.HolderAddress, cancellationToken);
        ThrowIfFailed();
        await host.NoteJoinedAsync(Merge(plan, master.Extent.Epochs), master.GroupId, cancellationToken);
        string haAddress = $"{HostOf(lease.HolderAddress)}:{master.HaPort}";

        // Not before: until its epoch has begun its own tables may lack what its log has, and what a master's tables lack is deleted here.
        host.Follow(lease, haAddress);
        return new JoinedMaster(haAddress, FollowerHello.Write(master.Ticket));
    }

    /// <summary>
    /// A master that has served and is not there any more, as nobody listens where it was, leaves clients that use up their attempts in milliseconds. Whose turn it is to stand in is asked with each attempt: what this member
    /// knows of the lease may be older than the master's end.
    /// </summary>
    private async Task<JoinAnswer> AskAsync(JoinRequest join, CancellationToken cancellationToken)
    {
        try
        {
            return await host.AskMasterAsync(lease.HolderAddress, join, cancellationToken);
        }
        catch (IOException failure) when (failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } && Volatile.Read(ref _servedAt) > 0 && !_standsIn)
        {
            _standsIn = await host.TryStandInAsync(lease, cancellationToken);
            throw;
        }
    }

    /// <summary>
    /// Tells the master that this follower leaves, before a planned stop. A master that does not answer notices by itself, later.
    /// </summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _ticket) is not (>= 0 and var ticket))
        {
            // It has not followed, or has said so: nobody waits for it.
            return;
        }

        try
        {
            (MemberCopy copy, string ownGroup, _) = await host.IdentifyAsync(cancellationToken);
            await host.TellLeavingAsync(lease.HolderAddress, new JoinRequest(ownGroup, copy, lease.Epoch), ticket, cancellationToken);
            Interlocked.CompareExchange(ref _ticket, -1, ticket);
        }
        catch (Exception failure) when (failure is IOException or TimeoutException)
        {
            host.TellNotLeft(lease, failure.Message);
        }
    }

    private void ThrowIfFailed()
    {
        if (host.HasFailed)
        {
            throw new HaRefusedException(LogFollower.StoreFailed);
        }
    }

    public void ThrowIfReplaced()
    {
        if (host.SeenEpoch > lease.Epoch)
        {
            throw new IOException($"epoch {host.SeenEpoch} was seen, so the master of epoch {lease.Epoch} is not followed any more");
        }
    }

    /// <summary>
    /// Plans what to do with this log before it follows that master's; none of an earlier epoch is followed from then on. On the member's
    /// loop. Throws <see cref="HaRefusedException"/> when the master is another group's, <see cref="IOException"/> when it has been
    /// replaced, or when this store was put back from an older copy: then it is another copy from now on, and asks again as that one.
    /// </summary>
    internal static JoinPlan Plan(GroupMember member, LeaseRecord lease, LogExtent own, JoinAnswer master) =>
        !member.BelongsTo(master.GroupId)
            ? throw new HaRefusedException($"this store belongs to group {member.State.GroupId}, the master's to {master.GroupId}: two clusters have one name, or this is another group's store; nothing is done with it")
            : !member.TryFollow(master.Epoch) ? throw new IOException($"epoch {member.State.Seen} was seen, so the master of epoch {master.Epoch} is not followed any more")
            : member.TryGoBack(lease) ? throw new IOException(
                $"this store lacks what it had, and is another copy from now on, which asks {lease.Holder} again")
            : member.PlanJoin(own, master.Extent, lease);

    /// <summary>The epochs of the bytes to come, from where both logs are the same.</summary>
    internal static EpochHistory Merge(JoinPlan plan, EpochHistory master)
    {
        EpochHistory merged = plan.Epochs;
        foreach (EpochEntry entry in master.Between(plan.At, long.MaxValue))
        {
            if (merged.Entries.Count == 0 || entry.Epoch > merged.Entries[^1].Epoch)
            {
                merged = merged.Begin(entry.Epoch, entry.Start);
            }
        }

        return merged;
    }

    private async Task CutToMasterAsync(LogExtent own, JoinPlan plan)
    {
        if (plan.Cuts)
        {
            await host.CutAsync(lease, plan.At, own.End);
        }
        else if (own.IsEmpty && plan.At != own.End)
        {
            await host.BeginLogAtAsync(plan.At);
        }
    }

    private static string HostOf(string address) => address[..address.LastIndexOf(':')];
}
