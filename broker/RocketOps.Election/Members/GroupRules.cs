using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;

namespace RocketOps.Election.Members;

/// <summary>
/// The rules by which a group loses nothing it has acknowledged and has one master at a time, one method each. They decide and do nothing. Tests break them one at a time, by
/// overriding a method, to show that the simulation would notice (docs/replication.md lists which fault each one is for).
/// </summary>
internal class GroupRules
{
    /// <summary>
    /// An observer counts by its own monotonic clock, from the last change it saw. It does not compare the lease's times with its clock: wall clocks differ and jump. While the store does not answer, nothing expires.
    /// </summary>
    public virtual bool HasExpired(LeaseObservation seen, DateTimeOffset wallClock) => seen.Age >= seen.Lease!.Record.Duration && seen.IsHolderSilent;

    /// <summary>
    /// Tells whether a member leaves the lease to the master, however old it is: one that hears the master serve does not run for it. The
    /// master cannot renew it, and takes nothing for acknowledged that this copy does not have.
    /// </summary>
    public virtual bool LeavesToMaster(TimeSpan masterSilence, TimeSpan duration) => masterSilence < duration;

    /// <summary>
    /// Every acquisition begins a new epoch, above all that this member has promised: two masters never share one, even if the lease was deleted or set back.
    /// </summary>
    public virtual long NextEpoch(long leaseEpoch, long promised) => Math.Max(leaseEpoch, promised) + 1;

    /// <summary>Only a copy that has everything acknowledged leads: this member, with the store it had when it was taken for in sync.</summary>
    public virtual bool IsInSync(LeaseRecord lease, MemberCopy copy) => lease.InSync.Contains(copy);

    /// <summary>
    /// A copy in sync has all that was confirmed, and a member that led has all of its epoch. A store with less was put back from an older
    /// copy of itself: that copy has the same incarnation and the same key, and only what others know tells them apart.
    /// </summary>
    public virtual bool HasConfirmed(LogEnd own, LogEnd confirmed) => own >= confirmed;

    /// <summary>
    /// A member promises an epoch on its disk before it asks for it: a store that has not promised the epoch of its own lease is from
    /// before that.
    /// </summary>
    public virtual bool HasPromised(long promised, long leaseEpoch) => promised >= leaseEpoch;

    /// <summary>
    /// Within the term of its own lease a member that was started again waits for a copy in sync to say what it has: that one knows
    /// whether this store is what the process before had.
    /// </summary>
    public virtual bool MayTakeBack(bool anyInSyncAnswered) => anyInSyncAnswered;

    /// <summary>A follower cuts off nothing that it knows to be confirmed: a master without that is an older copy.</summary>
    public virtual bool MayCut(long at, long confirmed) => at >= confirmed;

    /// <summary>A lease of an epoch before one that was seen was set back by somebody: who is in sync there is not true any more.</summary>
    public virtual bool IsCurrent(LeaseRecord lease, long seen) => lease.Epoch >= seen;

    /// <summary>A member that was away does not know what was seen meanwhile: those that answer do.</summary>
    public virtual long LatestEpoch(long seen, IEnumerable<long> seenByOthers) => seenByOthers.Aggregate(seen, Math.Max);

    /// <summary>
    /// A lease that is gone is founded anew only with everybody there, each with its store: one that is missing may have what was acknowledged, or lead.
    /// Nor while one of them finds a lease: this member looks for it in another place then, and would begin a second group.
    /// </summary>
    public virtual bool MayFound(int members, int answered, bool anyLeadsOrFinds, bool anyStoreLost) =>
        answered == members && !anyLeadsOrFinds && !anyStoreLost;

    /// <summary>
    /// Whom a member waits for that founds or recovers: everybody whom it or any that answered counts among the group. While members come and go, one that was not restarted yet does not know of a
    /// newcomer, which may be the copy that has everything; the master that took it in does.
    /// </summary>
    public virtual IReadOnlyList<string> Everybody(IReadOnlyList<string> own, IEnumerable<IReadOnlyList<string>> others) => [.. others.SelectMany(static names => names).Union(own, StringComparer.Ordinal)];

    /// <summary>
    /// No copy that is in sync is what it was, because all of them lost power before a flush: then the best of all members leads, but only when all have said what they have, so that no better one
    /// can be somewhere, and none of those that were in sync has lost its whole store: that is for a person to decide.
    /// </summary>
    public virtual bool MayRecover(int members, int answered, bool anyIntact, bool anyStoreLost) => answered == members && !anyIntact && !anyStoreLost;

    /// <summary>A person permits a promotion with loss for one epoch, which is the next. A permission that was not needed then is void.</summary>
    public virtual bool AllowsUnclean(LeaseRecord lease, long nextEpoch) => lease.UncleanEpoch == nextEpoch;

    /// <summary>
    /// A member leads with a loss that a person permits when all have said what they have, or had a lease's time for it: those that start
    /// at the same time may have more. A member that is lost for ever does not stop the others.
    /// </summary>
    public virtual bool MayLeadWithLoss(bool hasHeardAll, TimeSpan waited, TimeSpan duration) => hasHeardAll || waited >= duration;

    /// <summary>
    /// Tells whether the other one goes first: of two that may lead, the one with the longer log does; of two with the same, the one whose
    /// name is first.
    /// </summary>
    public virtual bool GoesBefore(MemberAnswer other, LogEnd own, string ownName) =>
        other.End.CompareTo(own) is var order && (order > 0 || (order == 0 && string.CompareOrdinal(other.Copy.Member, ownName) < 0));

    /// <summary>
    /// Returns the copies with which a master begins: those that had everything, less the master that went missing. That one stays when
    /// fewer than the minimum were left: nothing is acknowledged without it then, so it may lead again if this one is lost.
    /// </summary>
    public virtual IReadOnlyList<MemberCopy> InheritedInSync(LeaseRecord lease, MemberCopy self, IReadOnlyList<string> members, int least)
    {
        MemberCopy[] all = [.. lease.InSync.Where(copy => copy.Member != self.Member), self];
        MemberCopy[] left = [.. all.Where(copy => copy.Member == self.Member || copy.Member != lease.Holder)];
        return left.Length >= least ? left : all;
    }

    /// <summary>The renewal counts from before it was sent: others can have seen it from then on.</summary>
    public virtual long RenewedAt(long sentAt, long answeredAt) => sentAt;

    /// <summary>Returns how long after a renewal the master acknowledges: less than others wait.</summary>
    public virtual TimeSpan Validity(LeaseTimings timings) => timings.Duration - timings.Margin;

    /// <summary>
    /// Asked when an acknowledgement is given, not when a message arrives: the process can have stood still between. Both clocks must agree: the monotonic one may stand while a virtual
    /// machine is suspended, the other may be set back.
    /// </summary>
    public virtual bool MayAcknowledge(bool beforeMonotonicEnd, bool withinWallClock) => beforeMonotonicEnd && withinWallClock;

    /// <summary>
    /// The lease decides who may become the master, the copies in sync decide what is acknowledged: whoever takes the lease is one of them, begins with all that it ever acknowledged, and acknowledges nothing for an older epoch
    /// any more. So a master goes on without its lease as long as every copy in sync follows it. Where none is asked, time is the fence.
    /// </summary>
    public virtual bool MayServeWithoutLease(GroupOptions options, int otherCopies) => otherCopies > 0 && (options.Mode == ReplicationMode.Sync || options.ServesWithoutLease);

    /// <summary>
    /// Returns how long a master goes on by the word of a copy that had everything so long ago; zero when no longer. That copy, or one it
    /// follows, may lead by then: messages are not acknowledged without it, but clients are to let go.
    /// </summary>
    public virtual TimeSpan FollowsFor(LeaseTimings timings, TimeSpan lag) => timings.Duration - timings.Margin is var validity && lag < validity ? validity - lag : TimeSpan.Zero;

    /// <summary>Nobody is taken for in sync before it has all that is acknowledged, and all that an earlier master may have acknowledged.</summary>
    public virtual bool MayJoinInSync(long acknowledgedByFollower, long confirmed, long epochStart) => acknowledgedByFollower >= Math.Max(confirmed, epochStart);

    /// <summary>
    /// The copies an acknowledgement waits for: all that are or may be in the lease. A change counts when it is written; while its outcome is open, both sets do.
    /// </summary>
    public virtual IEnumerable<MemberCopy> Needed(IReadOnlyList<MemberCopy> written, IReadOnlyList<IReadOnlyList<MemberCopy>> open) =>
        open.Count == 0 ? written : written.Concat(open.SelectMany(static set => set)).Distinct();

    /// <summary>Returns the offset up to which messages are acknowledged in sync mode: every needed copy has the log up to there.</summary>
    public virtual long Confirmed(long own, IEnumerable<long> others) => others.Aggregate(own, Math.Min);

    /// <summary>Tells whether enough copies are in sync: with fewer than asked for nothing is acknowledged.</summary>
    public virtual bool IsMinimumMet(int inSync, int minimum) => inSync >= minimum;

    /// <summary>
    /// Tells whether what a follower has counts: it does when it has said so in this epoch; before, its log may have been another's.
    /// </summary>
    public virtual bool CountsAcknowledgement(long epochOfFollower, long epoch) => epochOfFollower == epoch;

    /// <summary>
    /// Returns what counts as said by a copy that joins: nothing, which is −1. What it said over an earlier connection is not what it has
    /// now: it may have cut its log since, or lost it.
    /// </summary>
    public virtual long HasWhenItJoins(long before) => -1;

    /// <summary>
    /// Writes what a member binds itself to before it is known: what could not be written was not promised, and whoever asks again meets
    /// the same failure.
    /// </summary>
    public virtual void Save(Action write, Action know)
    {
        write();
        know();
    }

    /// <summary>A member whose log has waited for the disk for so long leaves the lease to others: nothing fails then, so nobody else would ever find out.</summary>
    public virtual bool HangsTooLong(TimeSpan stands, TimeSpan longest) => stands >= longest;

    /// <summary>So does one that has the lease and has not begun its epoch for so long, whatever it hangs in.</summary>
    public virtual bool BeginsTooLate(TimeSpan sinceWon, TimeSpan longest) => sinceWon >= longest;

    /// <summary>Messages are taken when everything older is dispatched and the epoch is begun: queue offsets follow each other, and no byte is without its epoch.</summary>
    public virtual bool MayTakeMessages(bool hasBegun) => hasBegun;

    /// <summary>A member follows nobody with an epoch below one it has seen: that master has been replaced.</summary>
    public virtual bool MayFollow(long epoch, long seen) => epoch >= seen;

    /// <summary>
    /// Plans how a follower's log and its master's are made the same up to the point where they part, before the follower's is extended.
    /// </summary>
    public virtual JoinPlan PlanJoin(LogExtent follower, LogExtent master) => JoinPlan.Find(follower, master);

    /// <summary>The planned successor is named when it has everything, and every message that is in the log has its answer.</summary>
    public virtual bool MayHandOver(long targetHas, long confirmed, long end) => targetHas >= end && confirmed >= end;

    /// <summary>
    /// A master that too few copies have been heard of by for as long as a lease lasts confirms nothing. It does not wait for its successor
    /// to have what it took since: that was not acknowledged, and what was is on every copy in sync.
    /// </summary>
    public virtual bool MayGiveWay(int heard, int minimum) => heard < minimum;

    /// <summary>
    /// A follower in sync that does not hear the master asks it for the lease only if it reaches enough others to acknowledge with, and
    /// none of them hears a master.
    /// </summary>
    public virtual bool MayAskForLease(int reached, int minimum, bool anyHearsMaster) => reached >= minimum && !anyHearsMaster;

    /// <summary>
    /// Tells whether a lease that was handed over must be left to its successor, which is first: it was chosen because it has everything.
    /// </summary>
    public virtual bool MustLeaveToSuccessor(LeaseRecord lease, string member, TimeSpan age) =>
        lease.Holder.Length == 0 && lease.Successor is { } successor && successor != member && age < lease.Duration;
}
