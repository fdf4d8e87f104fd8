using RocketOps.Election.Elections;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Leadership;

/// <summary>
/// Leads while this member has the lease: renews it, and ends its mastership when it hands the lease over, gives it back or has lost it.
/// Not thread-safe but for <see cref="TakesMessages"/>, <see cref="LeadingEpoch"/>,
/// <see cref="Confirmed"/> and <see cref="MayAcknowledge"/>.
/// </summary>
internal sealed class Leader(MemberContext context, LeaseRequests requests, PersistedState persisted, Acquisitions acquisitions, Reports reports)
{
    private readonly Fence _fence = new(context.Rules, context.Time);
    private volatile Mastership? _mastership;
    private HandOver? _handOver;
    private long _renewedAt;

    /// <summary>Same as <c>GroupMember.TakesMessages</c>.</summary>
    public bool TakesMessages => _mastership is { TakesMessages: true } mastership && Serves(mastership);

    /// <summary>Same as <c>GroupMember.LeadingEpoch</c>.</summary>
    public long? LeadingEpoch => _mastership is { } mastership && Serves(mastership) ? mastership.Epoch : null;

    /// <summary>Same as <c>GroupMember.Confirmed</c>.</summary>
    public long Confirmed => _mastership?.Confirmed ?? 0;

    /// <summary>Same as <c>GroupMember.HeldEpoch</c>.</summary>
    public long? Epoch => _mastership?.Epoch;

    /// <summary>Same as <c>GroupMember.RenewsLease</c>.</summary>
    public bool RenewsLease => _mastership is not null && _fence.Holds;

    /// <summary>The epoch of this member's mastership has begun; false when it has none.</summary>
    public bool HasBegun => _mastership is { HasBegun: true };

    /// <summary>
    /// The group could go on without this member: another copy may lead, and the minimum does not need every member. Otherwise a lease
    /// that is given back only turns sends away; with the lease, this member goes on as soon as what
    /// it hangs in does, and cuts nothing off.
    /// </summary>
    public bool IsReplaceable =>
        _mastership is { } mastership && mastership.InSync.Any(copy => copy.Member != context.Self.Member) && context.Options.Members.Count > context.Options.LeastInSync;

    /// <summary>This member may hand over: its lease is renewed, and no hand-over is under way.</summary>
    public bool CanHandOver => _mastership is not null && _handOver is null && _fence.Holds;

    /// <summary>This process has had the lease.</summary>
    public bool HasLed { get; private set; }

    /// <summary>Same as <c>GroupMember.MayAcknowledge</c>.</summary>
    public bool MayAcknowledge(long epoch, long offset) =>
        _mastership is { } mastership && mastership.Epoch == epoch && Serves(mastership)
        && (context.Options.Mode == ReplicationMode.Async || (mastership.IsMinimumMet && offset <= mastership.Confirmed));

    /// <summary>This member leads by that lease from now on.</summary>
    public void Begin(Acquisition won, VersionedLease lease)
    {
        LeaseRecord record = lease.Record;
        _handOver = null;
        persisted.Win(record);
        Extend(won.Write);
        HasLed = true;
        _mastership = new Mastership(context, lease, won.Former);
        if (!_fence.Holds)
        {
            Resign("its answer came too late");
            return;
        }

        context.Host.Lead(record.Epoch);
        reports.Say(MemberEvent.TookLease, $"this member leads in epoch {record.Epoch}{won.Loss}, in sync are {Names(record.InSync)}");
    }

    /// <summary>Same as <c>GroupMember.OnLeadBegun</c>.</summary>
    public void OnLeadBegun(long epoch, long epochStart)
    {
        if (_mastership is { } mastership && mastership.Epoch == epoch)
        {
            mastership.Begin(epochStart);
        }
    }

    /// <summary>Time has passed, or the lease was seen: renews it when that is due, and goes on with a hand-over.</summary>
    public void Lead()
    {
        if (_mastership is not { } mastership)
        {
            return;
        }

        if (!_fence.Holds && mastership.IsLeft)
        {
            Resign("it was not renewed in time, and not every copy in sync follows");
            return;
        }

        mastership.CheckFollowers();
        if (requests.IsBusy)
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

        if (requests.IsRefused)
        {
            return;
        }

        IReadOnlyList<MemberCopy> inSync = mastership.FindInSync();

        if (IsRenewalDue || seen.HandOverTo is not null || !InSyncSet.IsSame(inSync, mastership.InSync))
        {
            Renew(mastership, seen with
            {
                GroupName = context.Options.GroupName,
                Duration = context.Options.Lease.Duration,
                HolderAddress = context.Options.Address,
                HandOverTo = null,
                InSync = inSync,
                Confirmed = mastership.ConfirmedSince,
            });
        }
    }

    /// <summary>Tells whether this member leads, and that copy is in sync by its lease.</summary>
    public bool IsInSync(MemberCopy copy) => _mastership is { } mastership && mastership.InSync.Contains(copy);

    /// <summary>Tells whether this is the lease that this member leads by.</summary>
    public bool LeadsBy(LeaseRecord lease) => _mastership is { } mastership && lease.IsHeldBy(context.Self.Member) && lease.Epoch == mastership.Epoch;

    /// <summary>Tells whether others have done something with the lease that this member leads by.</summary>
    public bool IsNews(LeaseRecord lease) => !LeadsBy(lease) || lease.HandOverTo is not null;

    /// <summary>The lease that it leads by (<see cref="LeadsBy"/>) was read.</summary>
    public void OnRead(VersionedLease lease)
    {
        _mastership?.OnSeen(lease);
        Lead();
    }

    /// <summary>The lease that it leads by (<see cref="LeadsBy"/>) was written.</summary>
    public void OnRenewed(LeaseRequest write, VersionedLease lease)
    {
        if (_mastership is not { } mastership)
        {
            return;
        }

        bool changed = !InSyncSet.IsSame(lease.Record.InSync, mastership.InSync);
        Extend(write);
        mastership.OnSeen(lease);
        if (changed)
        {
            reports.Say(MemberEvent.InSyncChanged, $"in sync are {Names(lease.Record.InSync)}");
        }

        Lead();
    }

    /// <summary>
    /// The lease of this master is gone: it founds a new one, in a new epoch. Nobody else does while this member says that it leads.
    /// </summary>
    public void Refound()
    {
        if (_mastership is not { } mastership)
        {
            return;
        }

        if (!_fence.IsOpen)
        {
            Resign("it was deleted, and had not been renewed in time before");
            return;
        }

        if (_handOver is { Leaves: true })
        {
            // It goes with the whole cluster, or whoever stays founds it.
            Resign("it was deleted, and this member stops");
            return;
        }

        if (requests.IsRefused)
        {
            return;
        }

        acquisitions.Begin(
            mastership.Lease.Record with
            {
                Epoch = context.Rules.NextEpoch(mastership.Epoch, acquisitions.Promised),
                InSync = mastership.InSync,
                Confirmed = mastership.ConfirmedSince,
                Successor = null,
                HandOverTo = null,
                UncleanEpoch = null,
            },
            expectedVersion: null,
            Standing.InSync,
            former: string.Empty);
    }

    /// <summary>Same as <c>GroupMember.OnAcknowledged</c>.</summary>
    public void OnAcknowledged(MemberCopy copy, long epoch, long offset)
    {
        if (MastershipIn(epoch) is { } mastership && copy.Member != context.Self.Member && context.Options.Members.Contains(copy.Member, StringComparer.Ordinal))
        {
            mastership.OnAcknowledged(copy, offset);
        }
    }

    /// <summary>Same as <c>GroupMember.OnJoining</c>.</summary>
    public void OnJoining(MemberCopy copy, long epoch) => MastershipIn(epoch)?.OnJoining(copy);

    /// <summary>Same as <c>GroupMember.OnFollowerGone</c>.</summary>
    public void OnFollowerGone(MemberCopy copy, long epoch) => MastershipIn(epoch)?.OnGone(copy);

    /// <summary>Same as <c>GroupMember.OnLogGrown</c>.</summary>
    public void OnLogGrown() => _mastership?.UpdateConfirmed();

    /// <summary>Same as <c>GroupMember.HandOverTo</c>.</summary>
    /// <param name="member">Who is to lead.</param>
    /// <param name="leaves">This member stops afterwards.</param>
    /// <param name="reason">Text for people, put behind the successor's name; empty when a person or a stop wants it.</param>
    public bool HandOverTo(string member, bool leaves = false, string reason = "")
    {
        if (_mastership is not { } mastership || _handOver is not null || member == context.Self.Member)
        {
            return false;
        }

        if (!_fence.Holds)
        {
            reports.Say(MemberEvent.HandOverFailed, $"the lease of epoch {mastership.Epoch} is not renewed, as its store does not answer, so nothing is handed over to {member}");
            return false;
        }

        if (!mastership.InSync.Any(copy => copy.Member == member))
        {
            reports.Say(MemberEvent.HandOverFailed, $"{member} is not in sync ({Names(mastership.InSync)}), so nothing is handed over to it");
            return false;
        }

        _handOver = new HandOver(member, context.Time.GetTimestamp(), leaves, reason);
        mastership.IsPaused = true;
        context.Host.PauseWrites();
        return true;
    }

    /// <summary>
    /// A lease in this member's name that it does not lead by: others need not wait for its end. Nothing is acknowledged by it, as the
    /// fence is closed.
    /// </summary>
    public void GiveBack(VersionedLease? seen)
    {
        if (!requests.IsBusy && !requests.IsRefused && _mastership is null && seen is { } lease && lease.Record.IsHeldBy(context.Self.Member))
        {
            requests.Send(requests.Begin(Released(lease.Record, leaves: true), lease.Version));
        }
    }

    /// <summary>
    /// Messages that this master's log lacks of what a copy in sync knows to be confirmed; null when it lacks nothing, or the word of that
    /// copy does not bind.
    /// </summary>
    public string? FindLack(MemberCopy copy, LogEnd known)
    {
        if (_mastership is not { HasBegun: true, Lease.Record.Confirmed: { } confirmed } mastership || known.Epoch < confirmed.Since
            || known < new LogEnd(confirmed.Epoch, confirmed.Offset) || !mastership.InSync.Contains(copy))
        {
            return null;
        }

        // Both logs are one up to there only if the byte before is of the same epoch here: behind its own epoch's start this one has other
        // bytes.
        bool isHere = known.Offset <= context.Host.AppendedEnd && context.Host.EpochAt(known.Offset) == known.Epoch;
        return context.Rules.HasConfirmed(isHere ? known : default, known) ? null
            : Shortfall.Tell(new LogEnd(context.Host.EpochAt(mastership.EpochStart), mastership.EpochStart), copy.Member, known);
    }

    /// <summary>Ends the mastership; the lease stays as it is.</summary>
    public void Resign(string reason)
    {
        long epoch = _mastership?.Epoch ?? 0;
        StepDown();
        reports.Say(MemberEvent.LostLease, $"the lease of epoch {epoch} has ended here: {reason}");
    }

    private void StepDown()
    {
        _fence.Close();
        _mastership = null;
        _handOver = null;
        context.Host.StandBy();
    }

    private void Renew(Mastership mastership, LeaseRecord record)
    {
        LeaseRequest write = requests.Begin(record, mastership.Lease.Version);
        mastership.OnSending(write);
        requests.Send(write);
    }

    /// <summary>A renewal that was sent then has been written: nobody else has taken the lease, however late that is known.</summary>
    private void Extend(LeaseRequest renewal)
    {
        _renewedAt = renewal.SentAt;
        long since = context.Rules.RenewedAt(renewal.SentAt, context.Time.GetTimestamp());
        _fence.Open(since, renewal.SentWallClock + context.Time.GetElapsedTime(renewal.SentAt, since), context.Rules.Validity(context.Options.Lease));
    }

    private bool Serves(Mastership mastership) => _fence.IsOpen || mastership.IsFollowed;

    /// <summary>
    /// A wall clock that was set says nothing of the time since: the next renewal does. A store that does not answer is asked again and
    /// again, but not all the time.
    /// </summary>
    private bool IsRenewalDue =>
        _fence.Holds ? !_fence.IsOpen || context.Time.GetElapsedTime(_renewedAt) >= context.Options.Lease.Renew : requests.Idle >= context.Options.Lease.Renew / 2;

    /// <summary>
    /// True when the lease is given away. A successor does not wait for a member that stops, that was cut off or whose disk is full: it
    /// takes itself out of the copies in sync, as far as the minimum lets it, and comes back when it has everything.
    /// </summary>
    private bool ConsiderRelease(Mastership mastership, HandOver handOver)
    {
        MemberCopy target = mastership.InSync.FirstOrDefault(copy => copy.Member == handOver.Member);
        long end = context.Host.AppendedEnd;
        long confirmed = context.Options.Mode == ReplicationMode.Async ? end : mastership.Confirmed;
        bool isInSync = target.Member is not null;
        bool hasAll = isInSync && context.Rules.MayHandOver(mastership.AcknowledgedBy(target), confirmed, end);
        if (isInSync && _fence.Holds && (hasAll || mastership.IsCutOff))
        {
            LeaseRecord seen = mastership.Lease.Record;

            // Before it is sent: from then on somebody else may lead.
            _fence.Close();
            mastership.Close();
            bool goes = handOver.Leaves || mastership.IsCutOff || !context.Host.HasRoom;
            Renew(mastership, Released(seen, goes) with { Successor = target.Member, Confirmed = mastership.ConfirmedSince });
            StepDown();
            string reason = hasAll ? handOver.Reason
                : ", as too few copies follow this master; what it took since and did not acknowledge is not in their logs";
            reports.Say(MemberEvent.HandedOver, $"the lease of epoch {seen.Epoch} is handed over to {target.Member}{reason}");
            return true;
        }

        if (context.Time.GetElapsedTime(handOver.BegunAt) >= context.Options.HandOverTime)
        {
            _handOver = null;
            mastership.IsPaused = false;
            context.Host.ResumeWrites();
            reports.Say(
                MemberEvent.HandOverFailed,
                $"{handOver.Member} did not have everything after {context.Options.HandOverTime.TotalMilliseconds} ms, so this member goes on as the master");
        }

        return false;
    }

    private LeaseRecord Released(LeaseRecord seen, bool leaves) => seen with
    {
        Holder = string.Empty,
        HolderAddress = string.Empty,
        HandOverTo = null,
        Successor = null,
        InSync = leaves && seen.InSync.Count > context.Options.LeastInSync
            ? [.. seen.InSync.Where(copy => copy.Member != context.Self.Member)] : seen.InSync,
    };

    /// <summary>The mastership that what a follower says in that epoch counts for; null when it counts for none.</summary>
    private Mastership? MastershipIn(long epoch) => _mastership is { } mastership && context.Rules.CountsAcknowledgement(epoch, mastership.Epoch) ? mastership : null;

    private static string Names(IReadOnlyList<MemberCopy> copies) => string.Join(", ", copies.Select(static copy => copy.Member));
}
