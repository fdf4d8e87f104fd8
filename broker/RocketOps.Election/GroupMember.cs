using RocketOps.Election.Elections;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leadership;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election;

/// <summary>
/// One member of a group that elects its master: is told what happens, and has it go on with leading (<see cref="Leader"/>) or with
/// choosing (<see cref="Chooser"/>). Everything it does it asks its
/// <see cref="IMemberHost"/> for. The host calls it from one thread at a time; <see cref="TakesMessages"/>, <see cref="LeadingEpoch"/>,
/// <see cref="HeldEpoch"/> <see cref="MayAcknowledge"/> and <see cref="IsOwn"/> may be asked by any thread. It throws nothing but what
/// the host throws.
/// </summary>
public sealed class GroupMember
{
    /// <summary>
    /// A watch that has shown nothing for so many renewals may have broken off without a word. Each renewal of a live one comes after
    /// one, which leaves half a renewal for a late one; and who finds out reads of a renewal that it was
    /// not shown while the others still wait for it (<see cref="GroupOptions.Patience"/>), also of one that was made right after the last
    /// that it was shown.
    /// </summary>
    private const double RenewalsOfSilence = 1.5;

    private readonly MemberContext _context;
    private readonly PersistedState _persisted;
    private readonly LeaseObservation _observed;
    private readonly LeaseRequests _requests;
    private readonly Acquisitions _acquisitions;
    private readonly Leader _leader;
    private readonly Chooser _chooser;
    private readonly HangWatch _hangs;
    private readonly RoomSearch _room;

    // By the watch, while a request was under way.
    private (bool IsThere, VersionedLease? Lease) _shownMeanwhile;

    /// <param name="options">Without faults.</param>
    /// <param name="state">As it was persisted last.</param>
    /// <param name="host">Does what is to be done.</param>
    /// <param name="time">Both of this machine's clocks.</param>
    public GroupMember(GroupOptions options, MemberState state, IMemberHost host, TimeProvider time)
        : this(options, state, host, time, new GroupRules())
    {
    }

    internal GroupMember(GroupOptions options, MemberState state, IMemberHost host, TimeProvider time, GroupRules rules)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(state);
        Reports reports = new(host);
        _persisted = new PersistedState(rules, state, host);
        _context = new MemberContext(options, rules, _persisted, host, time);
        _observed = new LeaseObservation(options.Lease, time);
        _requests = new LeaseRequests(host, options.Lease, time);
        _acquisitions = new Acquisitions(_persisted, _requests);
        _leader = new Leader(_context, _requests, _persisted, _acquisitions, reports);
        QuestionRounds rounds = new();
        _chooser = new Chooser(_context, _observed, _requests, _persisted, _acquisitions, _leader, reports, rounds);
        _room = new RoomSearch(_context, rounds, reports);
        _hangs = new HangWatch(_context);
    }

    /// <summary>
    /// This member is the master and may take a message now. What it takes has yet to be acknowledged (<see cref="MayAcknowledge"/>).
    /// </summary>
    public bool TakesMessages => _leader.TakesMessages;

    /// <summary>
    /// The epoch this member leads; null when it does not, not any more, or may not say so before its lease is renewed or all copies have
    /// been heard of again.
    /// </summary>
    public long? LeadingEpoch => _leader.LeadingEpoch;

    /// <summary>
    /// The epoch whose lease this member has taken and, as far as it knows, nobody after it; null when there is none. While
    /// <see cref="LeadingEpoch"/> is null it serves nobody, and still lets its followers go on.
    /// </summary>
    public long? HeldEpoch => _leader.Epoch;

    /// <summary>
    /// This member's lease was renewed in time. False for one that goes on without, as its copies follow: it can hand nothing over, nor
    /// change who is in sync.
    /// </summary>
    public bool RenewsLease => _leader.RenewsLease;

    /// <summary>Offset before which everything is on all copies in sync; 0 when this member does not lead.</summary>
    public long Confirmed => _leader.Confirmed;

    public MemberState State => _persisted.State;

    /// <summary>The lease as it was last seen; null when there is none.</summary>
    public LeaseRecord? Lease => _observed.Lease?.Record;

    /// <summary>
    /// Tells whether a message that ends at <paramref name="offset"/> and was taken in <paramref name="epoch"/> may be acknowledged now. To
    /// be asked when the answer is given.
    /// </summary>
    public bool MayAcknowledge(long epoch, long offset) => _leader.MayAcknowledge(epoch, offset);

    /// <summary>Returns this member's answer to one that thinks of taking the lease.</summary>
    public MemberAnswer Describe() =>
        new(State.GroupId, _context.Self, _context.Host.LogEnd, _acquisitions.Promised, HeldEpoch is not null)
        {
            Members = _context.Options.Members,
            Seen = State.Seen,
            Confirmed = _context.Host.Confirmed,
            HasRoom = _context.Host.HasRoom,
            HearsMaster = _context.Host.MasterSilence < _context.Options.Lease.Duration,
            Lease = new LeaseSight(_context.Options.LeaseStore, _observed.HasSeen, Lease?.Epoch ?? 0),
        };

    /// <summary>
    /// Time has passed. To be called several times in each <see cref="LeaseTimings.Renew"/>: whether the disk or the beginning of an
    /// epoch hangs is seen by these calls.
    /// </summary>
    public void Tick()
    {
        if (_hangs.Look(_leader) is { } hang)
        {
            // With each tick anew while the log hangs, as for a store that has failed: a lease that it took would only keep others from it.
            _chooser.StandBack(hang);
        }

        HandOverWhenFull();
        if (_leader.Epoch is not null)
        {
            _leader.Lead();
        }
        else
        {
            Observe();
        }
    }

    /// <summary>The lease may have changed: looks at it without waiting for its time.</summary>
    public void OnLeaseMayHaveChanged()
    {
        if (_leader.Epoch is null && !_requests.IsBusy)
        {
            _requests.Read();
        }
    }

    /// <summary>
    /// The lease as a watch has shown it, or null when it was deleted: an answer to no request, and perhaps not the newest.
    /// </summary>
    public void OnLeaseWatched(VersionedLease? lease)
    {
        if (_requests.IsBusy)
        {
            // Its answer may be older all the same: it was made before it arrived.
            _shownMeanwhile = (true, lease);
            return;
        }

        _shownMeanwhile = default;
        if (_leader.Epoch is not null)
        {
            if (lease is null || _leader.IsNews(lease.Record))
            {
                _requests.Read();
            }
        }
        else if (lease is not null && _observed.IsRenewal(lease.Record))
        {
            _observed.See(lease);
            _chooser.Choose();
        }
        else if (lease?.Version != _observed.Lease?.Version)
        {
            _requests.Read();
        }
    }

    public void OnLeaseRead(long request, VersionedLease? lease)
    {
        if (_requests.End(request) is null)
        {
            return;
        }

        _observed.See(lease);
        OnRead(lease);
        SeeShownMeanwhile();
    }

    private void OnRead(VersionedLease? lease)
    {
        if (lease is not null && _acquisitions.EndRead(lease.Record) is { } won)
        {
            Win(won, lease);
        }
        else if (_leader.Epoch is null)
        {
            _chooser.Choose();
        }
        else if (lease is null)
        {
            _leader.Refound();
        }
        else if (_leader.LeadsBy(lease.Record))
        {
            _leader.OnRead(lease);
        }
        else
        {
            _leader.Resign($"it is held by {(lease.Record.Holder.Length == 0 ? "nobody" : lease.Record.Holder)} in epoch {lease.Record.Epoch}");
            _chooser.Choose();
        }
    }

    /// <param name="request">Which one.</param>
    /// <param name="version">Of what was written; null when another version was there.</param>
    public void OnLeaseWritten(long request, string? version)
    {
        if ((version is null ? _requests.End(request) : _requests.EndWritten(request)) is not { Record: { } record } write)
        {
            return;
        }

        if (version is null)
        {
            _requests.Read();
            return;
        }

        VersionedLease lease = new(record, version);
        _observed.See(lease);
        OnWritten(write, lease);
        SeeShownMeanwhile();
    }

    private void OnWritten(LeaseRequest write, VersionedLease lease)
    {
        if (_leader.LeadsBy(lease.Record))
        {
            _leader.OnRenewed(write, lease);
        }
        else if (_acquisitions.EndWritten(write) is { } won)
        {
            Win(won, lease);
        }
        else
        {
            _chooser.Choose();
        }
    }

    /// <summary>
    /// Takes up what the watch has shown while a request was under way: when the answer is another version, nobody can say which of the two
    /// is newer, and the watch may show nothing more. A lease that is free is not renewed: the member that it was handed over to would not
    /// know of it for as long as a watch may be silent.
    /// </summary>
    private void SeeShownMeanwhile()
    {
        if (_shownMeanwhile is (true, var shown) && !_requests.IsBusy)
        {
            _shownMeanwhile = default;
            if (shown?.Version != _observed.Lease?.Version)
            {
                OnLeaseWatched(shown);
            }
        }
    }

    /// <summary>The lease store did not answer; what was asked of it may have been done or be done later.</summary>
    public void OnLeaseFailed(long request)
    {
        _requests.End(request);
        SeeShownMeanwhile();
    }

    /// <summary>
    /// The lease store has refused what was asked of it, so that has not happened and never will: it is asked to write after more and
    /// more time, and for the same epoch.
    /// </summary>
    public void OnLeaseRefused(long request)
    {
        if (_requests.EndRefused(request) is { } refused)
        {
            _acquisitions.Refuse(refused);
        }

        SeeShownMeanwhile();
    }

    public void OnAnswer(long round, MemberAnswer answer)
    {
        if (_room.OnAnswer(round, answer))
        {
            HandOverWhenFull();
        }
        else
        {
            _chooser.OnAnswer(round, answer);
        }
    }

    /// <summary>The epoch that <see cref="IMemberHost.Lead"/> named has begun.</summary>
    public void OnLeadBegun(long epoch, long epochStart) => _leader.OnLeadBegun(epoch, epochStart);

    /// <summary>
    /// The store cannot go on, or the promise of an epoch cannot be written: whoever can leads instead. This member gives the lease back,
    /// and does not take it before it has not failed for as long as a lease lasts.
    /// </summary>
    public void OnHostFailed(string reason) => _chooser.StandBack(reason);

    /// <summary>A follower has everything before that offset, in the log of that epoch.</summary>
    public void OnAcknowledged(MemberCopy copy, long epoch, long offset) => _leader.OnAcknowledged(copy, epoch, offset);

    /// <summary>A copy begins to follow, perhaps once more: what it said before is not what it has now.</summary>
    public void OnJoining(MemberCopy copy, long epoch) => _leader.OnJoining(copy, epoch);

    /// <summary>
    /// A follower has said that it stops, or its connection has ended and did not come back: it is taken for late at once, and for in
    /// sync again when it has everything.
    /// </summary>
    public void OnFollowerGone(MemberCopy copy, long epoch) => _leader.OnFollowerGone(copy, epoch);

    /// <summary>This member's log has grown.</summary>
    public void OnLogGrown() => _leader.OnLogGrown();

    /// <summary>
    /// Tells whether a master of that epoch is to be followed; when it is, none of an earlier one will be. Called before anything of its
    /// log is taken or acknowledged.
    /// </summary>
    public bool TryFollow(long epoch) => _chooser.TryFollow(epoch);

    /// <summary>
    /// A copy wants to follow this master, and says what it knows to be confirmed (<see cref="MemberAnswer.Confirmed"/>). True when it is
    /// in sync and this log lacks some of that: this store was put back, so the member gives the lease back and is
    /// another copy from now on.
    /// </summary>
    public bool GivesWayTo(MemberCopy copy, LogEnd? confirmed)
    {
        if (confirmed is not { } known || _leader.FindLack(copy, known) is not { } lack)
        {
            return false;
        }

        _chooser.GoBack(lack);
        return true;
    }

    /// <summary>
    /// Tells whether this store was put back since the master that wrote the lease took it for in sync: its log ends before what was
    /// confirmed then. If so it is another copy from now on, and has to ask that master again as that one.
    /// </summary>
    /// <param name="lease">Of the master that is to be followed.</param>
    public bool TryGoBack(LeaseRecord lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        if (lease.Confirmed is not { } confirmed || !lease.InSync.Contains(_context.Self)
            || _context.Rules.HasConfirmed(_context.Whole, new LogEnd(confirmed.Epoch, confirmed.Offset)))
        {
            return false;
        }

        _chooser.GoBack(Shortfall.Tell(_context.Whole, $"the lease of {lease.Holder}", new LogEnd(confirmed.Epoch, confirmed.Offset)));
        return true;
    }

    /// <summary>
    /// Plans what to do with this log before it follows that of a master. Refuses to cut what this member knows to be confirmed.
    /// </summary>
    /// <param name="own">This log.</param>
    /// <param name="master">The master's.</param>
    /// <param name="lease">By which the master leads.</param>
    public JoinPlan PlanJoin(LogExtent own, LogExtent master, LeaseRecord lease)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(master);
        ArgumentNullException.ThrowIfNull(lease);
        JoinPlan plan = _context.Rules.PlanJoin(own, master);
        LogEnd known = _context.Host.Confirmed;
        return plan.Refusal is null && plan.Cuts && lease.Confirmed is { } confirmed && known.Epoch >= confirmed.Since
            && !_context.Rules.MayCut(plan.At, known.Offset)
            ? plan with { Refusal = Shortfall.RefuseCut(_context.Options.Member, own.End, known, plan.At, lease, master.End) }
            : plan;
    }

    /// <summary>
    /// Tells whether this store may join the group with that id, of a lease or of a master: it belongs to none, or to this one.
    /// </summary>
    public bool BelongsTo(string groupId) => _persisted.BelongsTo(groupId);

    /// <summary>
    /// Tells whether this member may write to that lease: it is its group's, by its id or, for a store that has joined none, by its name.
    /// Thread-safe.
    /// </summary>
    public bool IsOwn(LeaseRecord lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return _persisted.FindForeigner(lease, _context.Options.GroupName) is null;
    }

    /// <summary>This store's log has been made a copy of that group's: from now on it belongs to it.</summary>
    public void OnJoined(string groupId) => _persisted.Join(groupId);

    /// <summary>
    /// Hands over to that member, which must be in sync: stops the writes, waits until it has everything, names it in the lease and
    /// releases that. False when this member does not lead, or
    /// is handing over already. The end is reported.
    /// </summary>
    /// <param name="member">Who is to lead.</param>
    /// <param name="leaves">This member stops afterwards: it takes itself out of the copies in sync, as far as the minimum lets it, so
    /// that nobody waits for it.</param>
    public bool HandOverTo(string member, bool leaves = false) => _leader.HandOverTo(member, leaves);

    private void HandOverWhenFull()
    {
        if (_room.Look(_leader) is { } next)
        {
            _leader.HandOverTo(next, reason: ", which has room, as the disk of this member is full");
        }
    }

    private void Observe()
    {
        if (_requests.IsBusy)
        {
            return;
        }

        LeaseTimings timings = _context.Options.Lease;
        if (!_observed.HasSeen || (_chooser.AwaitsHandOver && _requests.Idle >= timings.Renew / 4) || (_requests.Idle >= timings.Renew && !(_observed.IsHeld && _observed.Silence < RenewalsOfSilence * timings.Renew)))
        {
            _requests.Read();
        }
        else
        {
            _chooser.Choose();
        }
    }

    private void Win(Acquisition won, VersionedLease lease)
    {
        _chooser.OnWon();
        _leader.Begin(won, lease);
    }
}
