using System.Security.Cryptography;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Broker.Replication.Master;
using RocketOps.Election.Leases;

namespace RocketOps.Broker.Failover;

/// <summary>
/// The copies that have asked this master to be followed: the newest ticket of each member opens the replication port. Bounded by the members of the group. Thread-safe.
/// </summary>
/// <param name="holding">The epoch whose lease is held here now; 0 for none. A ticket is good in its epoch alone: what a member joins is the log as it was then.</param>
/// <param name="serves">Whether it serves, too.</param>
/// <param name="wordInterval">How often followers hear that it does.</param>
/// <param name="acknowledged">Told how far a copy is, with the epoch in which it joined.</param>
/// <param name="ended">Told of a connection that has ended, with its ticket.</param>
internal sealed class FollowerTickets(Func<long> holding, Func<bool> serves, TimeSpan wordInterval, Action<MemberCopy, long, FollowerTickets.Progress> acknowledged, Action<MemberCopy, long, long> ended) : ISlaveAdmission
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Admitted> _tickets = new(StringComparer.Ordinal);

    public bool Serves => serves();

    public TimeSpan WordInterval => wordInterval;

    /// <summary>Issues a ticket for a copy that follows in that epoch from now on.</summary>
    public long Issue(MemberCopy copy, long epoch)
    {
        long ticket = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & long.MaxValue;
        lock (_lock)
        {
            if (_tickets.TryGetValue(copy.Member, out Admitted? before))
            {
                // What its old connection still says is of before it asked anew.
                before.Progress.HasLeft = true;
                before.IsReplaced = true;
            }

            _tickets[copy.Member] = new Admitted(this, copy, epoch, ticket);
        }

        return ticket;
    }

    /// <summary>The member has not asked anew since it got that ticket.</summary>
    public bool IsNewest(string member, long ticket)
    {
        lock (_lock)
        {
            return _tickets.TryGetValue(member, out Admitted? admitted) && admitted.Ticket == ticket;
        }
    }

    /// <summary>The member has not asked anew since it got that ticket, and has not opened the replication port with it either.</summary>
    public bool IsUnused(string member, long ticket)
    {
        lock (_lock)
        {
            return _tickets.TryGetValue(member, out Admitted? admitted) && admitted.Ticket == ticket && !admitted.IsUsed;
        }
    }

    /// <summary>
    /// The member stops: its ticket opens nothing any more, and what its connection still acknowledges counts no longer. False when that is not its newest ticket. To be called where progress is taken.
    /// </summary>
    public bool TryDismiss(string member, long ticket)
    {
        lock (_lock)
        {
            if (!_tickets.TryGetValue(member, out Admitted? admitted) || admitted.Ticket != ticket)
            {
                return false;
            }

            _tickets.Remove(member);
            admitted.Progress.HasLeft = true;
            return true;
        }
    }

    /// <summary>The copies that follow in that epoch, the one that has most first.</summary>
    public IReadOnlyList<MemberCopy> FindFollowers(long epoch)
    {
        lock (_lock)
        {
            return [.. _tickets.Values.Where(admitted => admitted.Epoch == epoch).OrderByDescending(static admitted => admitted.Progress.Offset).Select(static admitted => admitted.Copy)];
        }
    }

    /// <summary>This member leads no more: whoever follows it again has to ask.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _tickets.Clear();
        }
    }

    public async ValueTask<IAdmittedSlave> AdmitAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] introduction = new byte[FollowerHello.Bytes];

        // A slave of RocketMQ's sends 8 bytes and waits: they are enough to know it.
        await stream.ReadExactlyAsync(introduction.AsMemory(0, HaFrames.ReportBytes), cancellationToken);
        if (introduction[0] == 0xFF)
        {
            await stream.ReadExactlyAsync(introduction.AsMemory(HaFrames.ReportBytes), cancellationToken);
        }

        lock (_lock)
        {
            if (FollowerHello.Read(introduction) is not { } ticket || _tickets.Values.FirstOrDefault(known => known.Ticket == ticket) is not { } admitted)
            {
                throw new HaRefusedException("it did not ask this master to be followed: a group that elects its master is followed by its members only (failover=Automatic, groupMembers)");
            }

            admitted.IsUsed = true;
            return holding() is var epoch && epoch == admitted.Epoch
                ? admitted
                : throw new HaRefusedException($"{admitted.Copy.Member} asked to follow in epoch {admitted.Epoch}, and {(epoch == 0 ? "nobody leads here now" : $"epoch {epoch} is led here now")}: it is to ask again");
        }
    }

    /// <summary>Progress of a follower. Written by its connection, read by the member's loop.</summary>
    public sealed class Progress
    {
        private long _offset = -1;
        private int _told;

        public long Offset => Volatile.Read(ref _offset);

        /// <summary>The follower has said that it stops, or has asked anew. Only the member's loop asks.</summary>
        public bool HasLeft { get; set; }

        /// <summary>True when it is to be told: the one before has been read.</summary>
        public bool Set(long offset)
        {
            Volatile.Write(ref _offset, offset);
            return Interlocked.Exchange(ref _told, 1) == 0;
        }

        public long Take()
        {
            Interlocked.Exchange(ref _told, 0);
            return Offset;
        }
    }

    private sealed record Admitted(FollowerTickets Owner, MemberCopy Copy, long Epoch, long Ticket) : IAdmittedSlave
    {
        private volatile bool _isReplaced;

        public Progress Progress { get; } = new();

        /// <summary>The member has got another ticket since.</summary>
        public bool IsReplaced
        {
            get => _isReplaced;
            set => _isReplaced = value;
        }

        /// <summary>A connection has come with it.</summary>
        public bool IsUsed { get; set; }

        /// <summary>
        /// A follower that is not counted must not go on as if it were: one whose earlier question comes after its later one, by another connection, has a connection with a ticket that is not its newest, and would never be in sync.
        /// </summary>
        public void OnAcknowledged(long offset)
        {
            if (IsReplaced)
            {
                throw new IOException($"{Copy.Member} has asked again to follow, after this connection was made: what it says here counts no more");
            }

            if (Progress.Set(offset))
            {
                Owner.Tell(this);
            }
        }

        public void OnEnded() => Owner.TellEnd(this);
    }

    private void TellEnd(Admitted admitted) => ended(admitted.Copy, admitted.Epoch, admitted.Ticket);

    private void Tell(Admitted admitted) => acknowledged(admitted.Copy, admitted.Epoch, admitted.Progress);
}
