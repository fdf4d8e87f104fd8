using RocketOps.Election.Elections;
using RocketOps.Election.Leadership;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election;

/// <summary>
/// Chooses, while this member does not lead, whom it follows: whoever holds the lease, or itself when nobody does and it may take it. Not
/// thread-safe.
/// </summary>
internal sealed class Chooser(
    MemberContext context, LeaseObservation observed, LeaseRequests requests, PersistedState persisted, Acquisitions acquisitions,
    Leader leader, Reports reports, QuestionRounds rounds)
{
    private Candidacy? _candidacy;
    private LeaseRecord? _followed;
    private LeaseAppeal? _appeal;

    // The lease whose holder this member has asked to hand over, as it did not hear it.
    private LeaseRecord? _appealedTo;
    private long _appealedAt;
    private string? _failure;
    private long _failedAt;

    /// <summary>
    /// True when this member has just asked the holder to hand over. It then reads the lease: a silent watch would make the group wait.
    /// </summary>
    public bool AwaitsHandOver => _appealedTo is { } asked && observed.Lease?.Record.Epoch == asked.Epoch
        && context.Time.GetElapsedTime(_appealedAt) < context.Options.HandOverTime;

    /// <summary>Follows who leads; considers to lead when nobody does.</summary>
    public void Choose()
    {
        LeaseRecord? lease = observed.Lease?.Record;
        if (lease is { Holder.Length: > 0 } && !IsOfEarlierRun(lease) && (!context.Rules.HasExpired(observed, context.Time.GetUtcNow()) || context.Rules.LeavesToMaster(context.Host.MasterSilence, lease.Duration)))
        {
            _candidacy = null;
            if (!lease.IsHeldBy(context.Self.Member))
            {
                Follow(lease);
                AppealTo(lease);
            }
            else if (StandsBack)
            {
                leader.GiveBack(observed.Lease);
            }

            return;
        }

        if (requests.IsBusy || requests.IsRefused || StandsBack || (lease is not null && context.Rules.MustLeaveToSuccessor(lease, context.Self.Member, observed.Age)))
        {
            return;
        }

        _candidacy ??= new Candidacy(context);
        Standing standing = _candidacy.Decide(observed, persisted.State, rounds.Next);
        if (standing != Standing.None)
        {
            AcquireLease(lease, standing, _candidacy);
        }
        else if (_candidacy.Proof is { } proof)
        {
            GoBack(proof);
        }
        else if (_candidacy.Obstacle is { } obstacle)
        {
            reports.Say(MemberEvent.MayNotLead, obstacle);
        }
    }

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
        else if (_appeal is { } appeal && appeal.OnAnswer(round, answer))
        {
            Choose();
        }
    }

    /// <summary>This member has won the lease: there is nothing to choose, and nobody to follow.</summary>
    public void OnWon()
    {
        _candidacy = null;
        _followed = null;
        _appeal = null;
    }

    /// <summary>Tells whether a master of that epoch is to be followed; when it is, none of an earlier one will be.</summary>
    public bool TryFollow(long epoch)
    {
        if (!context.Rules.MayFollow(epoch, persisted.State.Seen) || leader.Epoch >= epoch)
        {
            return false;
        }

        persisted.See(epoch);
        if (leader.Epoch is not null)
        {
            leader.Resign($"another member leads in epoch {epoch}");
        }

        return true;
    }

    /// <summary>
    /// This member cannot lead or promise to follow: it gives the lease back, and does not take it before it has not failed for as long
    /// as a lease lasts.
    /// </summary>
    public void StandBack(string reason) => StandBack(reason, MemberEvent.StandsBack);

    /// <summary>
    /// It is proven that this store was put back from an older copy: others have what it lacks. This member leaves the lease to them, and
    /// is another copy from now on: nothing that was said of the one before counts for it.
    /// </summary>
    public void GoBack(string proof)
    {
        StandBack(proof, MemberEvent.WentBack);
        persisted.BecomeAnother(context.Host.NewIncarnation());
    }

    private void StandBack(string reason, MemberEvent happened)
    {
        bool isKnown = StandsBack && reason == _failure;
        _failure = reason;
        _failedAt = context.Time.GetTimestamp();
        _candidacy = null;
        acquisitions.GiveUp();
        if (leader.Epoch is not null)
        {
            leader.Resign(reason);
        }

        if (!isKnown)
        {
            reports.Say(happened, reason);
        }

        leader.GiveBack(observed.Lease);
    }

    /// <summary>
    /// True while this member leaves the lease to others: what failed once may fail again, so until it has gone well for some time, a lease
    /// that it took would only keep others from it.
    /// </summary>
    private bool StandsBack => _failure is not null && context.Time.GetElapsedTime(_failedAt) < context.Options.Lease.Duration;

    /// <summary>
    /// Held in this member's name by a process that is dead, as this one has its store. Nobody has to wait for its end when nothing is
    /// acknowledged without the other copies, which follow the next epoch by then.
    /// </summary>
    private bool IsOfEarlierRun(LeaseRecord lease) =>
        !leader.HasLed && !StandsBack && lease.IsHeldBy(context.Self.Member) && context.Options.Mode == ReplicationMode.Sync && lease.InSync.Count > 1
        && context.Rules.IsInSync(lease, context.Self);

    private void Follow(LeaseRecord lease)
    {
        if (_followed is { } followed && followed.Epoch == lease.Epoch && followed.Holder == lease.Holder && followed.HolderAddress == lease.HolderAddress)
        {
            return;
        }

        MemberState state = persisted.State;
        if (persisted.FindForeigner(lease, context.Options.GroupName) is { } foreigner)
        {
            reports.Say(MemberEvent.MayNotLead, foreigner);
            return;
        }

        if (TryFollow(lease.Epoch))
        {
            _followed = lease;
            _appeal = new LeaseAppeal(context, rounds);
            context.Host.Follow(lease);
        }
        else
        {
            reports.Say(MemberEvent.MayNotLead, $"the lease says epoch {lease.Epoch}, and this member has seen epoch {state.Seen}: it was set back or made by hand; its holder is not followed");
        }
    }

    /// <summary>
    /// Writes into the lease that its holder is to hand over to this member, when the holder seems cut off from its copies.
    /// </summary>
    private void AppealTo(LeaseRecord lease)
    {
        if (_appeal is not { } appeal || _followed?.Epoch != lease.Epoch || requests.IsBusy || requests.IsRefused || StandsBack
            || !appeal.Decide(lease))
        {
            return;
        }

        reports.Say(
            MemberEvent.AsksForLease,
            $"{lease.Holder}, which leads in epoch {lease.Epoch}, renews its lease, and neither this member nor those that answer hear it; "
                + "the lease asks it to hand over to this member");
        _appealedTo = lease;
        _appealedAt = context.Time.GetTimestamp();
        requests.Send(requests.BeginEdit(lease with { HandOverTo = context.Self.Member }, observed.Lease!.Version));
    }

    /// <summary>
    /// Returns the former holder, which is not waited for; empty when there is none. One that has handed over although it was not heard is
    /// still cut off.
    /// </summary>
    private string FormerOf(LeaseRecord? lease) => lease is { Holder.Length: 0 } && _appealedTo is { } held && held.Epoch == lease.Epoch
        ? held.Holder : lease?.Holder ?? string.Empty;

    private void AcquireLease(LeaseRecord? lease, Standing standing, Candidacy candidacy)
    {
        MemberCopy self = context.Self;
        MemberState state = persisted.State;
        long epoch = context.Rules.NextEpoch(lease?.Epoch ?? 0,
            Math.Max(standing is Standing.InSync or Standing.Founder ? acquisitions.Promised : state.Promised, candidacy.HighestPromise));
        string ownGroup = state.GroupId.Length > 0 ? state.GroupId : state.Incarnation;
        LeaseRecord taken = new()
        {
            GroupId = lease is { GroupId.Length: > 0 } ? lease.GroupId : candidacy.GroupIdOr(ownGroup),
            GroupName = context.Options.GroupName,
            Holder = self.Member,
            HolderAddress = context.Options.Address,
            Epoch = epoch,
            RenewTime = lease?.RenewTime ?? default,
            Duration = context.Options.Lease.Duration,
            InSync = lease is not null && standing == Standing.InSync ? context.Rules.InheritedInSync(lease, self, context.Options.Members, context.Options.LeastInSync) : [self],
            Confirmed = lease is not null && standing == Standing.InSync ? candidacy.ConfirmedSince(lease)
                : new ConfirmedLog(epoch, context.Host.LogEnd.Epoch, context.Host.LogEnd.Offset),
        };
        acquisitions.Begin(taken, observed.Lease?.Version, standing, FormerOf(lease),
            Shortfall.TellLoss(context.Host.LogEnd, lease) + (standing == Standing.Unclean ? candidacy.TellUnheard() : string.Empty));
    }
}
