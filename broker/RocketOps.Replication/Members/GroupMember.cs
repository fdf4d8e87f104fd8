using RocketOps.Replication.Elections;
using RocketOps.Replication.Epochs;
using RocketOps.Replication.Leadership;
using RocketOps.Replication.Leases;
using RocketOps.Replication.Rules;

namespace RocketOps.Replication.Members;

/// <summary>
/// One member of a group that elects its master: observes the lease, takes it when it is free and this member may, keeps it, and gives it up. Everything it does it asks its
/// <see cref="IMemberHost"/> for; everything that happens it is told. The host calls it from one thread at a time; <see cref="TakesMessages"/> and <see cref="MayAcknowledge"/> may be
/// asked by any thread. It throws nothing but what the host throws.
/// </summary>
public sealed class GroupMember
{
    private readonly GroupOptions _options;
    private readonly GroupRules _rules;
    private readonly IMemberHost _host;
    private readonly TimeProvider _time;
    private readonly MemberCopy _self;
    private readonly LeaseObservation _observed;
    private readonly LeaseRequests _requests;
    private readonly Fence _fence;
    private volatile Mastership? _mastership;
    private HandOver? _handOver;
    private Candidacy? _candidacy;
    private Acquisition? _attempt;
    private LeaseRecord? _followed;
    private MemberState _state;
    private long _renewedAt;
    private long _failedAt;
    private string? _failure;
    private bool _hasLed;
    private long _round;
    private string? _reported;

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
        _options = options;
        _state = state;
        _host = host;
        _time = time;
        _rules = rules;
        _self = new MemberCopy(options.Member, state.Incarnation);
        _observed = new LeaseObservation(time);
        _requests = new LeaseRequests(host, options.Lease, time);
        _fence = new Fence(rules, options.Lease, time);
    }

    /// <summary>This member is the master and may take a message now. What it takes has yet to be acknowledged (<see cref="MayAcknowledge"/>).</summary>
    public bool TakesMessages => _mastership is { TakesMessages: true } && _fence.IsOpen;

    /// <summary>The epoch this member leads; null when it does not, not any more, or may not say so before its next renewal, as its wall clock was set.</summary>
    public long? LeadingEpoch => _mastership is { } mastership && _fence.IsOpen ? mastership.Epoch : null;

    /// <summary>Offset before which everything is on all copies in sync; 0 when this member does not lead.</summary>
    public long Confirmed => _mastership?.Confirmed ?? 0;

    public MemberState State => _state;

    /// <summary>The lease as it was last seen; null when there is none.</summary>
    public LeaseRecord? Lease => _observed.Lease?.Record;

    /// <summary>Whether a message that ends at <paramref name="offset"/> and was taken in <paramref name="epoch"/> may be acknowledged now. To be asked when the answer is given.</summary>
    public bool MayAcknowledge(long epoch, long offset) =>
        _mastership is { } mastership && mastership.Epoch == epoch && _fence.IsOpen
        && (_options.Mode == ReplicationMode.Async || (mastership.IsMinimumMet && offset <= mastership.Confirmed));

    /// <summary>What this member answers to one that thinks of taking the lease.</summary>
    public MemberAnswer Describe() => new(_state.GroupId, _self, _host.LogEnd, _state.Promised, LeadingEpoch is not null) { Members = _options.Members, Seen = _state.Seen };

    /// <summary>Time has passed. To be called several times in each <see cref="LeaseTimings.Renew"/>.</summary>
    public void Tick()
    {
        if (_mastership is { } mastership)
        {
            Lead(mastership);
        }
        else
        {
            Observe();
        }
    }

    /// <summary>The lease may have changed: looks at it without waiting for its time.</summary>
    public void OnLeaseMayHaveChanged()
    {
        if (_mastership is null && !_requests.IsBusy)
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
        if (lease is not null && _attempt is { } attempt && lease.Record.IsSameRenewal(attempt.Write.Record!))
        {
            // Written although its answer was lost.
            Win(attempt, lease);
        }
        else if (_mastership is not { } mastership)
        {
            Choose();
        }
        else if (lease is null)
        {
            Refound(mastership);
        }
        else if (IsMine(lease.Record, mastership.Epoch))
        {
            mastership.OnSeen(lease);
            Lead(mastership);
        }
        else
        {
            Resign($"it is held by {Name(lease.Record.Holder)} in epoch {lease.Record.Epoch}");
            Choose();
        }
    }

    /// <param name="request">Which one.</param>
    /// <param name="version">Of what was written; null when another version was there.</param>
    public void OnLeaseWritten(long request, string? version)
    {
        if (_requests.End(request) is not { Record: { } record } write)
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
        if (_mastership is { } mastership && record.Epoch == mastership.Epoch && record.IsHeldBy(_self.Member))
        {
            if (!_fence.Holds)
            {
                // Whoever asked meanwhile was told that nobody leads here. That does not become untrue again.
                Resign("its renewal was answered too late");
                return;
            }

            bool changed = !InSyncSet.IsSame(record.InSync, mastership.InSync);
            Extend(write);
            mastership.OnSeen(lease);
            if (changed)
            {
                Report(MemberEvent.InSyncChanged, $"in sync are {Names(record.InSync)}");
            }

            Lead(mastership);
        }
        else if (_attempt is { } attempt && ReferenceEquals(attempt.Write, write))
        {
            Win(attempt, lease);
        }
        else
        {
            Choose();
        }
    }

    /// <summary>The lease store did not answer; what was asked of it may have been done or be done later.</summary>
    public void OnLeaseFailed(long request) => _requests.End(request);

    public void OnAnswer(long round, MemberAnswer answer)
    {
        if (_candidacy is { } candidacy)
        {
            candidacy.OnAnswer(round, answer);
            if (candidacy.HasHeardAll)
            {
                Choose();
            }
        }
    }

    /// <summary>The epoch that <see cref="IMemberHost.Lead"/> named has begun.</summary>
    public void OnLeadBegun(long epoch, long epochStart)
    {
        if (_mastership is { } mastership && mastership.Epoch == epoch)
        {
            mastership.Begin(epochStart);
        }
    }

    /// <summary>
    /// The store cannot go on, or the promise of an epoch cannot be written: whoever can leads instead. This member gives the lease back, and does not take it before it has not failed for as long as a lease lasts.
    /// </summary>
    public void OnHostFailed(string reason)
    {
        bool isKnown = StandsBack && reason == _failure;
        _failure = reason;
        _failedAt = _time.GetTimestamp();
        _candidacy = null;
        _attempt = null;
        if (_mastership is not null)
        {
            Resign(reason);
        }

        if (!isKnown)
        {
            Report(MemberEvent.StandsBack, reason);
        }

        GiveBack();
    }

    /// <summary>A follower has everything before that offset, in the log of that epoch.</summary>
    public void OnAcknowledged(MemberCopy copy, long epoch, long offset)
    {
        if (_mastership is { } mastership && _rules.CountsAcknowledgement(epoch, mastership.Epoch) && copy.Member != _self.Member
            && _options.Members.Contains(copy.Member, StringComparer.Ordinal))
        {
            mastership.OnAcknowledged(copy, offset);
        }
    }

    /// <summary>A copy begins to follow, perhaps once more: what it said before is not what it has now.</summary>
    public void OnJoining(MemberCopy copy, long epoch)
    {
        if (_mastership is { } mastership && _rules.CountsAcknowledgement(epoch, mastership.Epoch))
        {
            mastership.OnJoining(copy);
        }
    }

    /// <summary>
    /// A follower has said that it stops, or its connection has ended and did not come back: it is taken for late at once, and for in sync again when it has everything.
    /// </summary>
    public void OnFollowerGone(MemberCopy copy, long epoch)
    {
        if (_mastership is { } mastership && _rules.CountsAcknowledgement(epoch, mastership.Epoch))
        {
            mastership.OnGone(copy);
        }
    }

    /// <summary>This member's log has grown.</summary>
    public void OnLogGrown() => _mastership?.UpdateConfirmed();

    /// <summary>
    /// Whether a master of that epoch is to be followed; when it is, none of an earlier one will be. Called before anything of its log is taken or acknowledged.
    /// </summary>
    public bool TryFollow(long epoch)
    {
        if (!_rules.MayFollow(epoch, _state.Seen) || (_mastership is { } mastership && mastership.Epoch >= epoch))
        {
            return false;
        }

        Raise(epoch, epoch);
        if (_mastership is not null)
        {
            Resign($"another member leads in epoch {epoch}");
        }

        return true;
    }

    /// <summary>What to do with this log before it follows that of a master.</summary>
    public JoinPlan PlanJoin(LogExtent own, LogExtent master) => _rules.PlanJoin(own, master);

    /// <summary>Whether this store may join the group of that lease, or the master of that group id: it belongs to none, or to this one.</summary>
    public bool BelongsTo(string groupId) => _state.GroupId.Length == 0 || groupId.Length == 0 || _state.GroupId == groupId;

    /// <summary>This store's log has been made a copy of that group's: from now on it belongs to it.</summary>
    public void OnJoined(string groupId)
    {
        if (_state.GroupId.Length == 0 && groupId.Length > 0)
        {
            Save(_state with { GroupId = groupId });
        }
    }

    /// <summary>
    /// Hands over to that member, which must be in sync: stops the writes, waits until it has everything, names it in the lease and releases that. False when this member does not lead, or
    /// is handing over already. The end is reported.
    /// </summary>
    /// <param name="member">Who is to lead.</param>
    /// <param name="leaves">This member stops afterwards: it takes itself out of the copies in sync, as far as the minimum lets it, so that nobody waits for it.</param>
    public bool HandOverTo(string member, bool leaves = false)
    {
        if (_mastership is not { } mastership || _handOver is not null || member == _self.Member)
        {
            return false;
        }

        if (!mastership.InSync.Any(copy => copy.Member == member))
        {
            Report(MemberEvent.HandOverFailed, $"{member} is not in sync ({Names(mastership.InSync)}), so nothing is handed over to it");
            return false;
        }

        _handOver = new HandOver(member, _time.GetTimestamp(), leaves);
        mastership.IsPaused = true;
        _host.PauseWrites();
        return true;
    }

    private void Lead(Mastership mastership)
    {
        if (!_fence.Holds)
        {
            Resign("it was not renewed in time");
            return;
        }

        mastership.CheckFollowers();
        if (_requests.IsBusy)
        {
            return;
        }

        LeaseRecord seen = mastership.Lease.Record;
        if (seen.HandOverTo is { } wish)
        {
            // Whatever comes of it: the next write of the lease takes the wish out.
            HandOverTo(wish);
        }

        if (_handOver is { } handOver && ConsiderRelease(mastership, handOver))
        {
            return;
        }

        IReadOnlyList<MemberCopy> inSync = mastership.FindInSync();

        // A wall clock that was set says nothing of the time since: the next renewal does.
        bool isDue = !_fence.IsOpen || _time.GetElapsedTime(_renewedAt) >= _options.Lease.Renew;
        if (isDue || seen.HandOverTo is not null || !InSyncSet.IsSame(inSync, mastership.InSync))
        {
            Renew(mastership, seen with
            {
                RenewTime = NextRenewTime(seen),
                Duration = _options.Lease.Duration,
                HolderAddress = _options.Address,
                HandOverTo = null,
                InSync = inSync,
            });
        }
    }

    private void Renew(Mastership mastership, LeaseRecord record)
    {
        LeaseRequest write = _requests.Begin(record, mastership.Lease.Version);
        mastership.OnSending(write);
        _requests.Send(write);
    }

    /// <summary>True when the lease is given away.</summary>
    private bool ConsiderRelease(Mastership mastership, HandOver handOver)
    {
        MemberCopy target = mastership.InSync.FirstOrDefault(copy => copy.Member == handOver.Member);
        long end = _host.AppendedEnd;
        long confirmed = _options.Mode == ReplicationMode.Async ? end : mastership.Confirmed;
        if (target.Member is not null && _rules.MayHandOver(mastership.AcknowledgedBy(target), confirmed, end))
        {
            LeaseRecord seen = mastership.Lease.Record;
            // Before it is sent: from then on somebody else may lead.
            _fence.Close();
            Renew(
                mastership,
                Released(seen, handOver.Leaves) with { Successor = target.Member });
            StepDown();
            Report(MemberEvent.HandedOver, $"the lease of epoch {seen.Epoch} is handed over to {target.Member}");
            return true;
        }

        if (_time.GetElapsedTime(handOver.BegunAt) >= _options.HandOverTime)
        {
            _handOver = null;
            mastership.IsPaused = false;
            _host.ResumeWrites();
            Report(MemberEvent.HandOverFailed, $"{handOver.Member} did not have everything after {_options.HandOverTime.TotalMilliseconds} ms, so this member goes on as the master");
        }

        return false;
    }

    private LeaseRecord Released(LeaseRecord seen, bool leaves) => seen with
    {
        RenewTime = NextRenewTime(seen),
        Holder = string.Empty,
        HolderAddress = string.Empty,
        HandOverTo = null,
        Successor = null,
        InSync = leaves && seen.InSync.Count > _options.LeastInSync ? [.. seen.InSync.Where(copy => copy != _self)] : seen.InSync,
    };

    /// <summary>A lease in this member's name that it does not lead by: others need not wait for its end. Nothing is acknowledged by it, as the fence is closed.</summary>
    private void GiveBack()
    {
        if (!_requests.IsBusy && _mastership is null && _observed.Lease is { } lease && lease.Record.IsHeldBy(_self.Member))
        {
            _requests.Send(_requests.Begin(Released(lease.Record, leaves: true), lease.Version));
        }
    }

    private void Observe()
    {
        if (_requests.IsBusy)
        {
            return;
        }

        if (!_observed.HasSeen || _requests.Idle >= _options.Lease.Renew)
        {
            _requests.Read();
        }
        else
        {
            Choose();
        }
    }

    /// <summary>Follows who leads; considers to lead when nobody does.</summary>
    private void Choose()
    {
        LeaseRecord? lease = Lease;
        if (lease is { Holder.Length: > 0 } && !_rules.HasExpired(_observed, _time.GetUtcNow()) && !IsOfEarlierRun(lease))
        {
            _candidacy = null;
            if (!lease.IsHeldBy(_self.Member))
            {
                Follow(lease);
            }
            else if (StandsBack)
            {
                GiveBack();
            }

            return;
        }

        if (_requests.IsBusy || StandsBack || (lease is not null && _rules.MustLeaveToSuccessor(lease, _self.Member, _observed.Age)))
        {
            return;
        }

        _candidacy ??= new Candidacy(_options, _rules, _self, _host, _time);
        Standing standing = _candidacy.Decide(_observed, _state, () => ++_round);
        if (standing != Standing.None)
        {
            Take(lease, standing);
        }
        else if (_candidacy.Obstacle is { } obstacle)
        {
            Report(MemberEvent.MayNotLead, obstacle);
        }
    }

    /// <summary>What failed once may fail again: until it has gone well for some time, a lease that this member took would only keep others from it.</summary>
    private bool StandsBack => _failure is not null && _time.GetElapsedTime(_failedAt) < _options.Lease.Duration;

    /// <summary>
    /// Held in this member's name by a process that is dead, as this one has its store. Nobody has to wait for its end when nothing is acknowledged without the other copies, which follow the next epoch by then.
    /// </summary>
    private bool IsOfEarlierRun(LeaseRecord lease) =>
        !_hasLed && !StandsBack && lease.IsHeldBy(_self.Member) && _options.Mode == ReplicationMode.Sync && lease.InSync.Count > 1 && _rules.IsInSync(lease, _self);

    private void Follow(LeaseRecord lease)
    {
        if (_followed is { } followed && followed.Epoch == lease.Epoch && followed.Holder == lease.Holder && followed.HolderAddress == lease.HolderAddress)
        {
            return;
        }

        if (!BelongsTo(lease.GroupId))
        {
            Report(MemberEvent.MayNotLead, $"this store belongs to group {_state.GroupId}, the lease is of group {lease.GroupId}: two clusters have one name, or this is another group's store");
            return;
        }

        if (TryFollow(lease.Epoch))
        {
            _followed = lease;
            _host.Follow(lease);
        }
        else
        {
            Report(MemberEvent.MayNotLead, $"the lease says epoch {lease.Epoch}, and this member has seen epoch {_state.Seen}: it was set back or made by hand; its holder is not followed");
        }
    }

    private void Take(LeaseRecord? lease, Standing standing)
    {
        long epoch = _rules.NextEpoch(lease?.Epoch ?? 0, Math.Max(_state.Promised, _candidacy!.HighestPromise));
        string groupId = lease is { GroupId.Length: > 0 } ? lease.GroupId : _candidacy.GroupIdOr(_state.GroupId.Length > 0 ? _state.GroupId : _state.Incarnation);

        // Before it is sent: the write may come true at any time, also after this process has ended.
        Raise(epoch, _state.Seen);
        LeaseRequest write = _requests.Begin(
            new LeaseRecord
            {
                GroupId = groupId,
                Holder = _self.Member,
                HolderAddress = _options.Address,
                Epoch = epoch,
                RenewTime = NextRenewTime(lease),
                Duration = _options.Lease.Duration,
                InSync = lease is not null && standing == Standing.InSync ? _rules.InheritedInSync(lease, _self, _options.Members, _options.LeastInSync) : [_self],
            },
            _observed.Lease?.Version);
        _attempt = new Acquisition(write, standing, lease?.Holder ?? string.Empty);
        _requests.Send(write);
    }

    /// <summary>The lease of this master is gone: it founds a new one, in a new epoch. Nobody else does while this member says that it leads.</summary>
    private void Refound(Mastership mastership)
    {
        if (!_fence.IsOpen)
        {
            Resign("it was deleted");
            return;
        }

        long epoch = _rules.NextEpoch(mastership.Epoch, _state.Promised);
        Raise(epoch, _state.Seen);
        LeaseRecord seen = mastership.Lease.Record;
        LeaseRequest write = _requests.Begin(seen with { Epoch = epoch, RenewTime = NextRenewTime(seen), InSync = mastership.InSync, Successor = null, HandOverTo = null, UncleanEpoch = null }, expectedVersion: null);
        _attempt = new Acquisition(write, Standing.InSync, string.Empty);
        _requests.Send(write);
    }

    private void Win(Acquisition attempt, VersionedLease lease)
    {
        LeaseRecord record = lease.Record;
        _attempt = null;
        _candidacy = null;
        _followed = null;
        _handOver = null;
        Save(_state with
        {
            GroupId = _state.GroupId.Length == 0 ? record.GroupId : _state.GroupId,
            Promised = Math.Max(_state.Promised, record.Epoch),
            Seen = Math.Max(_state.Seen, record.Epoch),
        });
        Extend(attempt.Write);
        _hasLed = true;
        _mastership = new Mastership(_options, _rules, _self, _host, _time, lease, attempt.Former);
        if (!_fence.Holds)
        {
            Resign("its answer came too late");
            return;
        }

        _host.Lead(record.Epoch);
        Report(MemberEvent.TookLease, $"this member leads in epoch {record.Epoch}{attempt.Loss}, in sync are {Names(record.InSync)}");
    }

    private void Extend(LeaseRequest renewal)
    {
        _renewedAt = renewal.SentAt;
        _fence.Extend(renewal);
    }

    private void Resign(string reason)
    {
        long epoch = _mastership?.Epoch ?? 0;
        StepDown();
        Report(MemberEvent.LostLease, $"the lease of epoch {epoch} has ended here: {reason}");
    }

    private void StepDown()
    {
        _fence.Close();
        _mastership = null;
        _handOver = null;
        _followed = null;
        _host.StandBy();
    }

    private void Raise(long promised, long seen) => Save(_state with { Promised = Math.Max(_state.Promised, promised), Seen = Math.Max(_state.Seen, seen) });

    /// <summary>What could not be written is not known here either: whoever asks again is to meet the same failure.</summary>
    private void Save(MemberState state)
    {
        if (state != _state)
        {
            _host.Persist(state);
            _state = state;
        }
    }

    private bool IsMine(LeaseRecord lease, long epoch) => lease.IsHeldBy(_self.Member) && lease.Epoch == epoch;

    /// <summary>Never the one before, also with a clock that was set back. Lease stores keep microseconds.</summary>
    private DateTimeOffset NextRenewTime(LeaseRecord? before)
    {
        DateTimeOffset now = _time.GetUtcNow();
        now = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
        return before is not null && now <= before.RenewTime ? before.RenewTime + TimeSpan.FromMicroseconds(1) : now;
    }

    /// <summary>What stays as it is is said once.</summary>
    private void Report(MemberEvent happened, string text)
    {
        if (text != _reported)
        {
            _reported = text;
            _host.Report(happened, text);
        }
    }

    /// <summary>An attempt to take the lease, whose outcome is open.</summary>
    /// <param name="Write">Under way.</param>
    /// <param name="By">What right.</param>
    /// <param name="Former">Who held the lease and did not renew it; empty when nobody did.</param>
    private sealed record Acquisition(LeaseRequest Write, Standing By, string Former)
    {
        /// <summary>What a person has to know of it.</summary>
        public string Loss => By switch
        {
            Standing.Recovery => " by recovery, as every copy that was in sync may have lost what it had: what no other member had either is lost",
            Standing.Unclean => " as a person has permitted: what only copies in sync had is lost",
            _ => string.Empty,
        };
    }

    private static string Names(IReadOnlyList<MemberCopy> copies) => string.Join(", ", copies.Select(static copy => copy.Member));

    private static string Name(string holder) => holder.Length == 0 ? "nobody" : holder;
}
