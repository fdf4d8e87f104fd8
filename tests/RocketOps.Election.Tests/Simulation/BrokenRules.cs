using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>The rules, each one broken as somebody might who thinks it needless.</summary>
internal static class BrokenRules
{
    public sealed class ComparesRenewTimeWithOwnClock : GroupRules
    {
        public override bool HasExpired(LeaseObservation seen, DateTimeOffset wallClock) => wallClock >= seen.Lease!.Record.RenewTime + seen.Lease.Record.Duration;
    }

    public sealed class CountsFromTheLease : GroupRules
    {
        public override long NextEpoch(long leaseEpoch, long promised) => leaseEpoch + 1;
    }

    public sealed class LetsAnyCopyLead : GroupRules
    {
        public override bool IsInSync(LeaseRecord lease, MemberCopy copy) => true;
    }

    public sealed class BelievesAStoreThatWasPutBack : GroupRules
    {
        public override bool HasConfirmed(LogEnd own, LogEnd confirmed) => true;
    }

    public sealed class KnowsMembersOnlyByName : GroupRules
    {
        public override bool IsInSync(LeaseRecord lease, MemberCopy copy) => lease.InSync.Any(other => other.Member == copy.Member);
    }

    /// <summary>What others know to be confirmed would save it.</summary>
    public sealed class BelievesAnOldLease : GroupRules
    {
        public override bool IsCurrent(LeaseRecord lease, long seen) => true;

        public override bool HasConfirmed(LogEnd own, LogEnd confirmed) => true;
    }

    /// <inheritdoc cref="BelievesAnOldLease"/>
    public sealed class AsksNobodyWhatWasSeen : GroupRules
    {
        public override bool HasConfirmed(LogEnd own, LogEnd confirmed) => true;

        public override long LatestEpoch(long seen, IEnumerable<long> seenByOthers) => seen;
    }

    public sealed class FoundsWithWhoeverIsThere : GroupRules
    {
        public override bool MayFound(int members, int answered, bool anyLeadsOrFinds, bool anyStoreLost) => !anyLeadsOrFinds;
    }

    public sealed class FoundsBesideAMaster : GroupRules
    {
        public override bool MayFound(int members, int answered, bool anyLeadsOrFinds, bool anyStoreLost) => answered == members;
    }

    public sealed class FoundsWithoutALostStore : GroupRules
    {
        public override bool MayFound(int members, int answered, bool anyLeadsOrFinds, bool anyStoreLost) => answered == members && !anyLeadsOrFinds;
    }

    public sealed class LeadsWithLossBeforeOthersHaveStarted : GroupRules
    {
        public override bool MayLeadWithLoss(bool hasHeardAll, TimeSpan waited, TimeSpan duration) => true;
    }

    public sealed class CountsOnlyThoseItKnows : GroupRules
    {
        public override IReadOnlyList<string> Everybody(IReadOnlyList<string> own, IEnumerable<IReadOnlyList<string>> others) => own;
    }

    public sealed class RecoversWithWhoeverIsThere : GroupRules
    {
        public override bool MayRecover(int members, int answered, bool anyIntact, bool anyStoreLost) => !anyIntact && !anyStoreLost;
    }

    public sealed class RecoversFromALostStore : GroupRules
    {
        public override bool MayRecover(int members, int answered, bool anyIntact, bool anyStoreLost) => !anyIntact;
    }

    public sealed class TakesAnyPermissionForThisEpoch : GroupRules
    {
        public override bool AllowsUnclean(LeaseRecord lease, long nextEpoch) => lease.UncleanEpoch is not null;
    }

    public sealed class TakesWhoeverIsFirst : GroupRules
    {
        public override bool GoesBefore(MemberAnswer other, LogEnd own, string ownName) => false;
    }

    public sealed class BeginsWithEverybodyInSync : GroupRules
    {
        public override IReadOnlyList<MemberCopy> InheritedInSync(LeaseRecord lease, MemberCopy self, IReadOnlyList<string> members, int least) =>
            [.. members.Where(name => name != self.Member).Select(name => lease.InSync.FirstOrDefault(copy => copy.Member == name, new MemberCopy(name, $"{name[1..]}.1"))), self];
    }

    public sealed class DropsTheLostMasterBelowTheMinimum : GroupRules
    {
        public override IReadOnlyList<MemberCopy> InheritedInSync(LeaseRecord lease, MemberCopy self, IReadOnlyList<string> members, int least) => base.InheritedInSync(lease, self, members, least: 1);
    }

    public sealed class CountsRenewalsFromTheAnswer : GroupRules
    {
        public override long RenewedAt(long sentAt, long answeredAt) => answeredAt;
    }

    public sealed class ChecksTheLeaseOnArrivalOnly : GroupRules
    {
        public override bool MayAcknowledge(bool beforeMonotonicEnd, bool withinWallClock) => true;
    }

    public sealed class TrustsTheMonotonicClockAlone : GroupRules
    {
        public override bool MayAcknowledge(bool beforeMonotonicEnd, bool withinWallClock) => beforeMonotonicEnd;
    }

    public sealed class GoesOnWithoutAskingCopies : GroupRules
    {
        public override bool MayServeWithoutLease(GroupOptions options, int otherCopies) => otherCopies > 0;
    }

    public sealed class BelievesACopyForEver : GroupRules
    {
        public override TimeSpan FollowsFor(LeaseTimings timings, TimeSpan lag) => TimeSpan.FromHours(1);
    }

    public sealed class NeverGivesWay : GroupRules
    {
        public override bool MayGiveWay(int heard, int minimum) => false;
    }

    public sealed class RunsBesideAMaster : GroupRules
    {
        public override bool LeavesToMaster(TimeSpan masterSilence, TimeSpan duration) => false;
    }

    public sealed class TakesNewcomersForInSync : GroupRules
    {
        public override bool MayJoinInSync(long acknowledgedByFollower, long confirmed, long epochStart) => true;
    }

    public sealed class TakesThoseWithConfirmedForInSync : GroupRules
    {
        public override bool MayJoinInSync(long acknowledgedByFollower, long confirmed, long epochStart) => acknowledgedByFollower >= confirmed;
    }

    public sealed class AcknowledgesBeforeTheChangeIsWritten : GroupRules
    {
        public override IEnumerable<MemberCopy> Needed(IReadOnlyList<MemberCopy> written, IReadOnlyList<IReadOnlyList<MemberCopy>> open) => open.Count == 0 ? written : open[^1];
    }

    public sealed class ForgetsOpenChanges : GroupRules
    {
        public override IEnumerable<MemberCopy> Needed(IReadOnlyList<MemberCopy> written, IReadOnlyList<IReadOnlyList<MemberCopy>> open) => written;
    }

    public sealed class WaitsForOneCopy : GroupRules
    {
        public override long Confirmed(long own, IEnumerable<long> others) => Math.Min(own, others.DefaultIfEmpty(own).Max());
    }

    public sealed class WaitsForNobody : GroupRules
    {
        public override long Confirmed(long own, IEnumerable<long> others) => own;
    }

    public sealed class IgnoresTheMinimum : GroupRules
    {
        public override bool IsMinimumMet(int inSync, int minimum) => true;
    }

    public sealed class CountsAcknowledgementsOfOtherEpochs : GroupRules
    {
        public override bool CountsAcknowledgement(long epochOfFollower, long epoch) => true;
    }

    public sealed class WaitsForAHungDiskForEver : GroupRules
    {
        public override bool HangsTooLong(TimeSpan stands, TimeSpan longest) => false;
    }

    public sealed class WaitsForAnEpochForEver : GroupRules
    {
        public override bool BeginsTooLate(TimeSpan sinceWon, TimeSpan longest) => false;
    }

    public sealed class KnowsBeforeItHasWritten : GroupRules
    {
        public override void Save(Action write, Action know)
        {
            know();
            write();
        }
    }

    public sealed class RemembersWhatACopyHad : GroupRules
    {
        public override long HasWhenItJoins(long before) => before;
    }

    public sealed class TakesMessagesBeforeItHasBegun : GroupRules
    {
        public override bool MayTakeMessages(bool hasBegun) => true;
    }

    public sealed class FollowsAnyMaster : GroupRules
    {
        public override bool MayFollow(long epoch, long seen) => true;
    }

    public sealed class ContinuesWhereItsLogEnds : GroupRules
    {
        public override JoinPlan PlanJoin(LogExtent follower, LogExtent master) =>
            new(Math.Min(follower.End, master.End), follower.End > master.End, follower.Epochs.CutTo(Math.Min(follower.End, master.End)), Refusal: null);
    }

    public sealed class KeepsEpochsItHasNothingOf : GroupRules
    {
        public override JoinPlan PlanJoin(LogExtent follower, LogExtent master) => JoinPlan.Find(follower, master) is var plan && plan.Cuts ? plan : plan with { Epochs = follower.Epochs };
    }

    public sealed class TakesWhatWasHandedToAnother : GroupRules
    {
        public override bool MustLeaveToSuccessor(LeaseRecord lease, string member, TimeSpan age) => false;
    }

    public sealed class HandsOverAtOnce : GroupRules
    {
        public override bool MayHandOver(long targetHas, long confirmed, long end) => true;
    }
}
