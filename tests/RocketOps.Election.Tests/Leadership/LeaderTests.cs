using NSubstitute;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Election.Tests.Members;
using RocketOps.Election.Tests.Simulation;

namespace RocketOps.Election.Tests.Leadership;

/// <summary>A member that leads, where schedules of faults hardly ever lead.</summary>
public sealed class LeaderTests : MemberTest
{
    [Fact]
    public void OnAcknowledged_OfThisEpoch_Confirms()
    {
        GroupMember master = Master(new GroupRules());

        master.OnAcknowledged(Follower, epoch: 5, offset: 80);

        master.Confirmed.Should().Be(80);
        master.MayAcknowledge(5, 80).Should().BeTrue();
        master.MayAcknowledge(5, 81).Should().BeFalse();
    }

    [Fact]
    public void OnAcknowledged_OfAnotherEpoch_ConfirmsNothing()
    {
        // It led epoch 3 as well; what the follower had then may have been cut since.
        GroupMember master = Master(new GroupRules());

        master.OnAcknowledged(Follower, epoch: 3, offset: 80);

        master.Confirmed.Should().Be(0);
        master.MayAcknowledge(5, 80).Should().BeFalse();
    }

    [Fact]
    public void OnAcknowledged_OfAnotherEpochWithTheRuleBroken_Confirms()
    {
        GroupMember master = Master(new BrokenRules.CountsAcknowledgementsOfOtherEpochs());

        master.OnAcknowledged(Follower, epoch: 3, offset: 80);

        master.Confirmed.Should().Be(80, "else the test above proves nothing");
    }

    [Fact]
    public void OnAcknowledged_OfAStranger_ConfirmsNothing()
    {
        GroupMember master = Master(new GroupRules());

        master.OnAcknowledged(new MemberCopy("x", "x1"), epoch: 5, offset: 80);
        master.OnAcknowledged(Follower with { Incarnation = "b2" }, epoch: 5, offset: 80);

        master.Confirmed.Should().Be(0);
    }

    [Fact]
    public void MayAcknowledge_BehindTheMargin_IsFalseWithoutAskingAnybody()
    {
        GroupMember master = Master(new GroupRules());
        master.OnAcknowledged(Follower, epoch: 5, offset: 80);

        _time.Advance(TimeSpan.FromSeconds(5));

        master.MayAcknowledge(5, 80).Should().BeFalse();
        master.TakesMessages.Should().BeFalse();
    }

    [Fact]
    public void OnLeaseWritten_AnsweredLate_CountsFromBeforeItWasSent()
    {
        GroupMember master = Master(new GroupRules(), answerTakes: TimeSpan.FromSeconds(1.5));
        master.RenewsLease.Should().BeTrue();

        _time.Advance(TimeSpan.FromSeconds(3.5));

        master.RenewsLease.Should().BeFalse();
        master.TakesMessages.Should().BeFalse();
    }

    [Fact]
    public void OnLeaseWritten_AnsweredLateWithTheRuleBroken_CountsFromTheAnswer()
    {
        GroupMember master = Master(new BrokenRules.CountsRenewalsFromTheAnswer(), answerTakes: TimeSpan.FromSeconds(1.5));

        _time.Advance(TimeSpan.FromSeconds(4.9));

        master.RenewsLease.Should().BeTrue("which is longer than others wait: else the test above proves nothing");
    }

    /// <summary>Whoever is named may lead as soon as that write is seen, and what this member still answered would be no part of the tables it takes.</summary>
    [Fact]
    public void HandOverTo_TheLeaseIsReleased_LeadsNoMoreWhenThatIsSent()
    {
        GroupMember master = Master(new GroupRules());
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);
        List<long?> leads = [];
        _host.When(static host => host.WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Successor == "b"), Arg.Any<string?>())).Do(_ => leads.Add(master.LeadingEpoch));

        master.HandOverTo("b").Should().BeTrue();
        master.Tick();

        leads.Should().Equal([null]);
    }

    [Theory]
    [InlineData(true, 1, 1)]
    [InlineData(true, 2, 2)]
    [InlineData(false, 1, 2)]
    public void HandOverTo_ThisMemberStopsAfterwards_TheSuccessorWaitsForItOnlyIfItMust(bool leaves, int minInSync, int left)
    {
        GroupMember master = Master(new GroupRules(), minInSync: minInSync);
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);

        master.HandOverTo("b", leaves).Should().BeTrue();
        master.Tick();

        _host.Received().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(lease => lease.Successor == "b" && lease.InSync.Count == left && lease.InSync.Contains(Follower)), Arg.Any<string?>());
    }

    /// <summary>It may have cut its log before it came back: the lease is not given to it for what it said then.</summary>
    [Fact]
    public void OnJoining_OfACopyThatHadEverything_CountsOnlyWhatItSaysFromThenOn()
    {
        GroupMember master = Master(new GroupRules());
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);

        master.OnJoining(Follower, epoch: 5);
        master.OnAcknowledged(Follower, epoch: 5, offset: 20);
        master.HandOverTo("b").Should().BeTrue();
        master.Tick();

        _host.DidNotReceive().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(lease => lease.Successor == "b"), Arg.Any<string?>());
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);
        master.Tick();
        _host.Received().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(lease => lease.Successor == "b"), Arg.Any<string?>());
    }

    [Fact]
    public void OnJoining_OfACopyInSync_ItIsNeitherLateNorUnconfirmedForThat()
    {
        GroupMember master = Master(new GroupRules(), minInSync: 1);
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);

        master.OnJoining(Follower, epoch: 5);
        master.Tick();

        _host.DidNotReceive().WriteLease(3, Arg.Any<LeaseRecord>(), Arg.Any<string?>());
        master.Confirmed.Should().Be(100);
        master.TakesMessages.Should().BeTrue();
    }

    [Fact]
    public void OnJoining_InAnEarlierEpoch_ChangesNothing()
    {
        GroupMember master = Master(new GroupRules());
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);

        master.OnJoining(Follower, epoch: 4);
        master.HandOverTo("b").Should().BeTrue();
        master.Tick();

        _host.Received().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(lease => lease.Successor == "b"), Arg.Any<string?>());
    }

    [Fact]
    public void OnFollowerGone_ItIsInSync_IsTakenOutAtOnceAndNotWaitedForAfterwards()
    {
        GroupMember master = Master(new GroupRules(), minInSync: 1);
        master.OnAcknowledged(Follower, epoch: 5, offset: 80);

        master.OnFollowerGone(Follower, epoch: 5);
        master.Tick();

        _host.Received().WriteLease(3, Arg.Is<LeaseRecord>(lease => lease.InSync.Count == 1), "2");
        master.Confirmed.Should().Be(80, "the lease still has it");
        master.OnLeaseWritten(3, "3");
        master.Confirmed.Should().Be(100);
    }

    /// <summary>Who is taken out may not lead next. Without the minimum nothing is acknowledged, so there is nothing to be won by taking out the last ones that have everything.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void Tick_AFollowerIsSilent_IsTakenOutButNotBelowTheMinimum(int minInSync, int left)
    {
        GroupMember master = Master(new GroupRules(), minInSync: minInSync);
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);

        for (TimeSpan passed = TimeSpan.Zero; passed < 2 * Options.MaxLag; passed += Look)
        {
            _time.Advance(Look);
            master.Tick();
            AnswerWrites(master);
        }

        master.LeadingEpoch.Should().Be(5);
        master.Lease!.InSync.Should().HaveCount(left);
        master.TakesMessages.Should().Be(left == 1);
    }

    [Fact]
    public void OnFollowerGone_OfAnEarlierEpoch_ChangesNothing()
    {
        GroupMember master = Master(new GroupRules(), minInSync: 1);
        master.OnAcknowledged(Follower, epoch: 5, offset: 80);

        master.OnFollowerGone(Follower, epoch: 4);
        master.Tick();

        _host.DidNotReceive().WriteLease(3, Arg.Any<LeaseRecord>(), Arg.Any<string?>());
    }

    /// <summary>Others need not wait for the end of a lease that nobody leads by.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void OnHostFailed_OfTheMaster_GivesTheLeaseBack(int minInSync, int left)
    {
        GroupMember master = Master(new GroupRules(), minInSync: minInSync);
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);

        master.OnHostFailed("its disk is gone");

        master.LeadingEpoch.Should().BeNull();
        master.MayAcknowledge(5, 100).Should().BeFalse();
        _host.Received().WriteLease(3, Arg.Is<LeaseRecord>(lease => lease.Holder.Length == 0 && lease.Successor == null && lease.InSync.Count == left && lease.InSync.Contains(Follower)), "2");
    }

    /// <summary>The renewal that was under way comes true: what it prolonged is given back as well.</summary>
    [Fact]
    public void OnHostFailed_WhileARenewalIsUnderWay_GivesBackWhatItWrote()
    {
        GroupMember master = Master(new GroupRules());
        _time.Advance(Options.Lease.Renew);
        master.Tick();

        master.OnHostFailed("its disk is gone");
        master.OnLeaseWritten(3, "3");

        _host.Received().WriteLease(4, Arg.Is<LeaseRecord>(static lease => lease.Holder.Length == 0), "3");
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(-10_000)]
    public void Tick_TheWallClockWasSet_AcknowledgesNothingUntilTheNextRenewalAndLeadsOn(int milliseconds)
    {
        GroupMember master = Master(new GroupRules());
        master.OnAcknowledged(Follower, epoch: 5, offset: 80);

        _time.Set(TimeSpan.FromMilliseconds(milliseconds));
        master.MayAcknowledge(5, 80).Should().BeFalse();
        master.Tick();
        _host.Received().WriteLease(3, Arg.Any<LeaseRecord>(), "2");
        master.MayAcknowledge(5, 80).Should().BeFalse("another member may have it by now");
        master.OnLeaseWritten(3, "3");

        master.MayAcknowledge(5, 80).Should().BeTrue();
        _host.DidNotReceive().StandBy();
    }

    /// <summary>
    /// The lease says who leads next, and no copy that follows is there: the wish is a follower's, which cannot reach this master otherwise.
    /// </summary>
    [Theory]
    [InlineData(2, true)]
    [InlineData(1, false)]
    public void Tick_AskedToHandOverWhileTooFewCopiesAreHeard_GivesWayWithoutWaiting(int minInSync, bool givesWay)
    {
        GroupMember master = Master(new GroupRules(), minInSync: minInSync, members: 3);
        master.OnAcknowledged(Follower, epoch: 5, offset: 80);
        RenewUnheard(master, Options.Lease.Duration + Look);

        bool isAsked = master.HandOverTo("b");
        master.Tick();

        isAsked.Should().Be(givesWay, "with a minimum of one copy it has gone on alone, and no other is in sync");
        (master.LeadingEpoch is null).Should().Be(givesWay);
        _host.Received(givesWay ? 1 : 0).WriteLease(
            Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Holder.Length == 0 && lease.Successor == "b" && lease.InSync.Contains(Follower)), Arg.Any<string?>());
    }

    [Fact]
    public void Tick_AskedToHandOverWhileTheCopyIsLateForLess_WaitsForIt()
    {
        GroupMember master = Master(new GroupRules(), members: 3);
        master.OnAcknowledged(Follower, epoch: 5, offset: 80);
        RenewUnheard(master, Options.Lease.Duration - Options.Lease.Renew);

        master.HandOverTo("b").Should().BeTrue();
        master.Tick();

        master.LeadingEpoch.Should().Be(5);
    }

    /// <summary>With too few copies nothing is acknowledged: each that was in sync has everything, and may lead.</summary>
    [Fact]
    public void Tick_AllCopiesAreLate_TakesNoneOut()
    {
        GroupMember master = Master(new GroupRules(), members: 3);
        MemberCopy third = new("c", "c1");
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);
        master.OnAcknowledged(third, epoch: 5, offset: 100);
        master.Tick();
        AnswerWrites(master);
        master.Lease!.InSync.Should().HaveCount(3);

        RenewUnheard(master, 2 * Options.MaxLag);
        master.Lease!.InSync.Should().HaveCount(3);

        for (int i = 0; i < 20; i++)
        {
            RenewUnheard(master, Look);
            master.OnAcknowledged(third, epoch: 5, offset: 100);
        }

        master.Lease!.InSync.Should().BeEquivalentTo([new MemberCopy("a", "a1"), third]);
    }

    private void RenewUnheard(GroupMember master, TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            _time.Advance(Look);
            master.Tick();
            AnswerWrites(master);
        }
    }
}
