using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Replication.Master;
using RocketOps.Election;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Standing of this broker in a group that elects its master, as its other parts ask for it: whether it leads and takes messages, who does instead, and since when it does not any more. There before the member itself, which
/// writes it (<see cref="FailoverMember"/>). Thread-safe; written by the member's loop and its stop.
/// </summary>
internal sealed class MemberStanding(ElectionSettings group, TimeProvider time) : IGroupLeadership
{
    private readonly CopyShortage _shortage = new(time);
    private readonly Lasting _refusing = new(time);
    private volatile GroupMember? _member;
    private volatile MemberSender? _sender;
    private volatile string? _masterAtEnd;
    private volatile bool _isPaused;
    private volatile bool _hasFailed;
    private long _begunEpoch;
    private long _servedEpoch;
    private long _ledUntil;
    private long _refusedMs;

    /// <summary>The rules by which it decides; null before it takes part and when it does not any more.</summary>
    public GroupMember? Member => _member;

    /// <summary>The lease as this member saw it last; null when there is none or nothing was seen yet.</summary>
    public LeaseRecord? Lease => _member?.Lease;

    /// <summary>The highest epoch in which this member has led, followed or seen a lease.</summary>
    public long SeenEpoch => _member?.State.Seen ?? 0;

    public bool IsSync => group.Options.Mode == ReplicationMode.Sync;

    public bool TakesMessages => _member is { TakesMessages: true };

    public bool Leads => _member is { LeadingEpoch: not null };

    /// <summary>Time for which another member may have led; null when this one leads, or never did.</summary>
    public TimeSpan? SinceLed => !Leads && Volatile.Read(ref _ledUntil) is > 0 and var until ? time.GetElapsedTime(until) : null;

    /// <summary>
    /// Address where the master takes requests, when that is another member; null while none is known. As fresh as the lease: who is there
    /// says itself whether it leads. In a member that takes no part any more, the master of then: what its connections still bring is
    /// passed on until they are closed.
    /// </summary>
    public string? MasterElsewhere =>
        _member is not { } member ? _masterAtEnd
        : member is { LeadingEpoch: null, Lease: { Holder.Length: > 0, HolderAddress.Length: > 0 } lease } && lease.Holder != group.Options.Member && lease.Epoch >= member.State.Seen ? lease.HolderAddress : null;

    /// <summary>0 when this member does not lead.</summary>
    public long LeadingEpoch => _member?.LeadingEpoch ?? 0;

    /// <summary>The epoch that has begun here and has not ended; 0 for none.</summary>
    public long BegunEpoch => Volatile.Read(ref _begunEpoch);

    /// <summary>The last epoch that has begun here since this member started, also when it has handed over since; 0 when none has.</summary>
    public long ServedEpoch => Volatile.Read(ref _servedEpoch);

    /// <summary>0 when this member has no lease that it could renew (<see cref="GroupMember.HeldEpoch"/>).</summary>
    public long HeldEpoch => _member?.HeldEpoch ?? 0;

    /// <summary>The store has failed: this member follows nobody and leads nobody until it is started again.</summary>
    public bool HasFailed => _hasFailed;

    public bool LacksCopies => IsShortOfCopies && _shortage.Lasts;

    /// <summary>This member leads, and fewer copies are in sync than there must be: messages wait, or are refused where that lasts (<see cref="LacksCopies"/>).</summary>
    public bool IsShortOfCopies => _member is { TakesMessages: false, LeadingEpoch: { } epoch } && BegunEpoch == epoch && !_isPaused;

    /// <summary>This member has the lease and takes no messages, for longer than what is sent waits: producers are refused, not just held up by a change of the master.</summary>
    public bool RefusesMessages => IsMute && _refusing.HasLasted(MasterForwarder.SendPatience);

    /// <summary>A hand-over has stopped the writes.</summary>
    public bool IsPaused => _isPaused;

    /// <summary>
    /// Time in milliseconds for which this member has refused messages while it held the lease: when it took over, and for switchovers that
    /// did not come about.
    /// </summary>
    public long RefusedMs => Volatile.Read(ref _refusedMs);

    /// <summary>This member, as it shows others of its group that it is one. Throws <see cref="RemotingCommandException"/> before it takes part.</summary>
    public MemberSender Sender => _sender ?? throw NotStarted();

    private bool IsMute => HeldEpoch > 0 && !TakesMessages;

    /// <summary>Refusal of what is asked of a member that takes no part yet.</summary>
    public static RemotingCommandException NotStarted() => new(ResponseCode.SystemError, "this member has not started yet");

    /// <summary>Sets the name and key of this member: from now on it can be told from others.</summary>
    public void Identify(MemberSender sender) => _sender = sender;

    /// <summary>Begins to take part.</summary>
    public void TakePart(GroupMember member) => _member = member;

    /// <summary>It takes no part any more: nothing more is taken or acknowledged.</summary>
    public void TakeNoPart()
    {
        _masterAtEnd = MasterElsewhere;
        _member = null;
    }

    public void Fail() => _hasFailed = true;

    public void BeginEpoch(long epoch)
    {
        Volatile.Write(ref _begunEpoch, epoch);
        Volatile.Write(ref _servedEpoch, epoch);
    }

    /// <summary>No epoch is begun here any more, or the next one has not yet.</summary>
    public void EndEpoch()
    {
        Volatile.Write(ref _begunEpoch, 0);
        _isPaused = false;
    }

    /// <summary>It has led until now.</summary>
    public void EndLead() => Volatile.Write(ref _ledUntil, time.GetTimestamp());

    public void Pause() => _isPaused = true;

    public void Resume() => _isPaused = false;

    public void AddRefused(long milliseconds) => Interlocked.Add(ref _refusedMs, milliseconds);

    /// <summary>Looks, again and again, whether copies lack and messages are refused.</summary>
    public void Tick()
    {
        _shortage.Note(IsShortOfCopies);
        _refusing.Note(IsMute);
    }

    public bool MayAcknowledge(long offset) => _member is { LeadingEpoch: { } epoch } member && member.MayAcknowledge(epoch, offset);
}
