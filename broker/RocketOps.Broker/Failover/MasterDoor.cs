using RocketOps.Broker.Replication;
using RocketOps.Election;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Lets other members follow this one while it is the master, and tells its <see cref="GroupMember"/> what they have and which of them are missing. <see cref="LetIn"/> and <see cref="LetGo"/> are called on the member's loop.
/// </summary>
internal sealed class MasterDoor
{
    private readonly GroupOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<Action<GroupMember>> _post;

    /// <param name="options">Of this member.</param>
    /// <param name="holding">The epoch whose lease is held here now; 0 for none.</param>
    /// <param name="serves">Whether it serves, too.</param>
    /// <param name="time">For how long a follower is missing.</param>
    /// <param name="post">Tells the member something on its loop.</param>
    public MasterDoor(GroupOptions options, Func<long> holding, Func<bool> serves, TimeProvider time, Action<Action<GroupMember>> post)
    {
        _options = options;
        _time = time;
        _post = post;
        Tickets = new FollowerTickets(
            holding,
            serves,
            options.Lease.Renew / 2,
            (copy, epoch, progress) => post(member => OnAcknowledged(member, copy, epoch, progress)),
            (copy, epoch, ticket) => _ = MissAsync(copy, epoch, ticket, options.Lease.Renew, Tickets!.IsNewest));
    }

    public FollowerTickets Tickets { get; }

    /// <summary>A member wants to follow. Throws <see cref="RemotingCommandException"/> with what to say when it may not.</summary>
    /// <param name="member">This one.</param>
    /// <param name="join">What it asks.</param>
    /// <param name="begunEpoch">The epoch that has begun here; 0 for none.</param>
    /// <param name="extent">This log.</param>
    /// <param name="haPort">Where it is served.</param>
    public JoinAnswer LetIn(GroupMember member, JoinRequest join, long begunEpoch, LogExtent extent, int haPort)
    {
        if (!_options.Members.Contains(join.Copy.Member, StringComparer.Ordinal) || join.Copy.Member == _options.Member)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"'{join.Copy.Member}' is no other member of this group; compare groupMembers of all members");
        }

        if (!member.BelongsTo(join.GroupId))
        {
            throw new RemotingCommandException(
                ResponseCode.SystemError, $"the store of {join.Copy.Member} belongs to group {join.GroupId}, this one to {member.State.GroupId}: one of them is another group's; move it away and start that member empty");
        }

        if (!Leads(member, join.Epoch, begunEpoch))
        {
            throw new RemotingCommandException(ResponseCode.ServiceNotAvailable, $"it does not lead in epoch {join.Epoch}, not yet or not any more");
        }

        if (member.GivesWayTo(join.Copy, join.Confirmed))
        {
            throw new RemotingCommandException(ResponseCode.ServiceNotAvailable,
                $"it lacks messages that {join.Copy.Member} has, and gives the lease back");
        }

        member.OnJoining(join.Copy, join.Epoch);
        long ticket = Tickets.Issue(join.Copy, join.Epoch);

        // The connection it had before, if it had one, tells of nothing any more.
        _ = MissAsync(join.Copy, join.Epoch, ticket, 3 * _options.Lease.Renew, Tickets.IsUnused);
        return new JoinAnswer(member.State.GroupId, join.Epoch, extent, haPort, ticket);
    }

    /// <summary>
    /// Tells whether a follower that wants to follow in that epoch has come to the right place: its lease is held here, and it has begun.
    /// </summary>
    public static bool Leads(GroupMember member, long epoch, long begunEpoch) => member.HeldEpoch == epoch && begunEpoch == epoch;

    /// <summary>A follower stops: nobody waits for it any more. Throws <see cref="RemotingCommandException"/> for one that is not the member that joined.</summary>
    public void LetGo(GroupMember member, JoinRequest left, long ticket)
    {
        if (!Tickets.TryDismiss(left.Copy.Member, ticket))
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"'{left.Copy.Member}' did not join this master with that ticket: only the member itself says that it leaves");
        }

        member.OnFollowerGone(left.Copy, left.Epoch);
    }

    private static void OnAcknowledged(GroupMember member, MemberCopy copy, long epoch, FollowerTickets.Progress progress)
    {
        if (!progress.HasLeft)
        {
            member.OnAcknowledged(copy, epoch, progress.Take());
        }
    }

    /// <summary>A connection that comes, or comes back, in that time was a stumble; otherwise messages are not to wait for that follower until it counts as late.</summary>
    private async Task MissAsync(MemberCopy copy, long epoch, long ticket, TimeSpan patience, Func<string, long, bool> isMissed)
    {
        await Task.Delay(patience, _time, CancellationToken.None);
        if (isMissed(copy.Member, ticket))
        {
            _post(member => member.OnFollowerGone(copy, epoch));
        }
    }
}
