using System.Globalization;
using NSubstitute;
using RocketOps.Replication.Leases;
using RocketOps.Replication.Members;
using RocketOps.Replication.Rules;
using RocketOps.Replication.Tests.Simulation;

namespace RocketOps.Replication.Tests.Members;

/// <summary>What schedules of faults hardly ever meet, step by step.</summary>
public sealed class GroupMemberTests
{
    private static readonly MemberCopy Follower = new("b", "b1");

    private readonly SetClock _time = new();
    private readonly IMemberHost _host = Substitute.For<IMemberHost>();

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
        master.OnAcknowledged(Follower, epoch: 5, offset: 80);
        master.MayAcknowledge(5, 80).Should().BeTrue();

        _time.Advance(TimeSpan.FromSeconds(3.5));

        master.MayAcknowledge(5, 80).Should().BeFalse();
    }

    [Fact]
    public void OnLeaseWritten_AnsweredLateWithTheRuleBroken_CountsFromTheAnswer()
    {
        GroupMember master = Master(new BrokenRules.CountsRenewalsFromTheAnswer(), answerTakes: TimeSpan.FromSeconds(1.5));
        master.OnAcknowledged(Follower, epoch: 5, offset: 80);

        _time.Advance(TimeSpan.FromSeconds(4.9));

        master.MayAcknowledge(5, 80).Should().BeTrue("which is longer than others wait: else the test above proves nothing");
    }

    [Fact]
    public void OnLeaseRead_OfAnotherGroup_IsNotFollowed()
    {
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();

        member.OnLeaseRead(1, new VersionedLease(Lease with { GroupId = "other", Holder = "b", Epoch = 9 }, "1"));

        _host.DidNotReceiveWithAnyArgs().Follow(default!);
        _host.Received().Report(MemberEvent.MayNotLead, Arg.Is<string>(text => text.Contains("two clusters have one name")));
    }

    /// <summary>A failover does not take a tick longer than asking does.</summary>
    [Fact]
    public void OnAnswer_TheLastThatWasMissing_TakesTheLeaseWithoutATick()
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options with { Members = ["a", "b", "c"] }, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(Lease with { Successor = null }, "1"));

        member.OnAnswer(1, new MemberAnswer("group", Follower, new LogEnd(4, 90), 4, false));
        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);
        member.OnAnswer(1, new MemberAnswer("group", new MemberCopy("c", "c1"), new LogEnd(4, 90), 4, false));

        _host.Received(1).WriteLease(2, Arg.Is<LeaseRecord>(static lease => lease.Holder == "a" && lease.Epoch == 5), "1");
    }

    /// <summary>All had answered before, and one of them stood in the way then.</summary>
    [Fact]
    public void OnAnswer_SaysThatItLeadsNoLonger_TakesTheLeaseWithoutATick()
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        MemberAnswer answer = new("group", Follower, new LogEnd(4, 90), 4, Leads: true);
        member.Tick();
        member.OnLeaseRead(1, lease: null);
        member.OnAnswer(1, answer);
        _time.Advance(Options.AnswerTime);
        member.Tick();
        _host.Received(1).AskMembers(2);
        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);

        member.OnAnswer(2, answer with { Leads = false });

        _host.Received(1).WriteLease(2, Arg.Is<LeaseRecord>(static lease => lease.Holder == "a" && lease.Epoch == 5), null);
    }

    /// <summary>The copy that has everything was taken out of the list of members: the others do not go on without it as if it were lost.</summary>
    [Theory]
    [InlineData("c", false)]
    [InlineData("b", true)]
    public void Choose_NoCopyInSyncIsLeft_TheBestLeadsOnlyWhenAllThatWereInSyncAreAsked(string inSync, bool leads)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        VersionedLease expired = new(Lease with { Successor = null, InSync = [new MemberCopy(inSync, "old")] }, "1");
        member.OnLeaseRead(1, expired);
        member.OnAnswer(1, new MemberAnswer("group", new MemberCopy("b", "b2"), new LogEnd(4, 90), 4, false));

        member.Tick();

        _host.ReceivedWithAnyArgs(leads ? 1 : 0).WriteLease(default, default!, default);
        if (!leads)
        {
            _host.Received().Report(MemberEvent.MayNotLead, Arg.Is<string>(text => text.Contains("c is no member any more (groupMembers): put it back until another one is in sync")));
        }
    }

    /// <summary>c was added, and this member was not restarted since. The master that took c in, b, knows of it; c may be the only copy that has everything.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Choose_AnotherMemberCountsOneMore_NothingIsBegunWithoutThatOneUnlessTheRuleIsBroken(bool isLeaseGone, bool isRuleBroken)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, isRuleBroken ? new BrokenRules.CountsOnlyThoseItKnows() : new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, isLeaseGone ? null : new VersionedLease(Lease with { Successor = null, InSync = [new MemberCopy("b", "old")] }, "1"));
        member.OnAnswer(1, new MemberAnswer("group", new MemberCopy("b", "b2"), new LogEnd(4, 90), 4, false) { Members = ["a", "b", "c"] });
        _time.Advance(Options.AnswerTime);

        member.Tick();

        _host.ReceivedWithAnyArgs(isRuleBroken ? 1 : 0).WriteLease(default, default!, default);
        if (!isRuleBroken && isLeaseGone)
        {
            _host.Received().Report(MemberEvent.MayNotLead, Arg.Is<string>(text => text.Contains("there is no lease, and c cannot be asked")));
        }
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

    [Fact]
    public void OnFollowerGone_OfAnEarlierEpoch_ChangesNothing()
    {
        GroupMember master = Master(new GroupRules(), minInSync: 1);
        master.OnAcknowledged(Follower, epoch: 5, offset: 80);

        master.OnFollowerGone(Follower, epoch: 4);
        master.Tick();

        _host.DidNotReceive().WriteLease(3, Arg.Any<LeaseRecord>(), Arg.Any<string?>());
    }

    /// <summary>What others have seen meanwhile counts: b is in a later epoch than the lease that somebody restored.</summary>
    [Theory]
    [InlineData(4, 4, true)]
    [InlineData(7, 4, false)]
    [InlineData(4, 7, false)]
    public void Choose_AnotherMemberHasSeenALaterEpoch_TheLeaseWasSetBack(long seen, long endEpoch, bool leads)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(Lease with { Successor = null }, "1"));
        MemberAnswer answer = new("group", Follower, new LogEnd(endEpoch, 90), 7, false) { Seen = seen };
        member.OnAnswer(1, answer);

        for (int i = 0; i < 200; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            member.Tick();
            AnswerRead(member, Lease with { Successor = null });
        }

        (Written() > 0).Should().Be(leads);
        if (!leads)
        {
            _host.Received(1).Report(MemberEvent.MayNotLead, Arg.Is<string>(text => text.Contains("the lease says epoch 4, and b has seen epoch 7: it was set back")));
        }
    }

    /// <summary>b has more and asks anew when somebody writes a wish into the free lease, so it is given the time for that anew.</summary>
    [Fact]
    public void Choose_AWishIsWrittenIntoTheFreeLease_GivesThoseWithMoreTheirTimeAnew()
    {
        _host.LogEnd.Returns(new LogEnd(4, 90));
        LeaseRecord free = Lease with { Successor = null };
        LeaseRecord wished = free with { HandOverTo = "b" };
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        See(free, "1", round: 1);
        _time.Advance(Options.Patience - Options.AnswerTime);
        member.OnLeaseMayHaveChanged();
        See(wished, "2", round: 2);

        _time.Advance(Options.AnswerTime);
        member.Tick();

        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);
        _time.Advance(Options.Patience - Options.AnswerTime);
        member.OnLeaseMayHaveChanged();
        See(wished, "2", round: 3);
        _host.Received(1).WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Holder == "a"), "2");

        void See(LeaseRecord lease, string version, long round)
        {
            member.OnLeaseRead(Requests(nameof(IMemberHost.ReadLease)), new VersionedLease(lease, version));
            member.OnAnswer(round, new MemberAnswer("group", Follower, new LogEnd(4, 100), 4, false));
        }
    }

    /// <summary>A lease that was handed over may be restored as any other: its successor asks before it leads.</summary>
    [Fact]
    public void Choose_ALeaseThatWasHandedOverToItWasSetBack_IsNotTaken()
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();

        member.OnLeaseRead(1, new VersionedLease(Lease, "1"));
        member.OnAnswer(1, new MemberAnswer("group", Follower, new LogEnd(7, 500), 7, false) { Seen = 7 });

        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Promise_ThatCannotBeWritten_IsNotTakenForGivenTheNextTime(bool fails)
    {
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        _host.When(static host => host.Persist(Arg.Any<MemberState>())).Do(_ => Fail(fails));
        Func<bool> follows = () => member.TryFollow(6);

        for (int i = 0; i < 2; i++)
        {
            if (fails)
            {
                follows.Should().Throw<IOException>();
                member.State.Seen.Should().Be(4);
            }
            else
            {
                follows().Should().BeTrue();
                member.State.Seen.Should().Be(6);
            }
        }
    }

    [Fact]
    public void OnJoined_TheGroupCannotBeWritten_TheStoreBelongsToNone()
    {
        GroupMember member = new(Options, new MemberState(string.Empty, "a1", 0, 0), _host, _time, new GroupRules());
        _host.When(static host => host.Persist(Arg.Any<MemberState>())).Do(static _ => Fail(true));

        member.Invoking(static joined => joined.OnJoined("group")).Should().Throw<IOException>();

        member.State.GroupId.Should().BeEmpty();
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

    /// <summary>It would win, being the one with the longest log, and keep everybody else from leading.</summary>
    [Fact]
    public void Choose_TheStoreFailsStill_NeverTakesTheLease()
    {
        GroupMember member = Master(new GroupRules());
        member.OnHostFailed("its disk is gone");
        member.OnLeaseWritten(3, "3");
        _host.ClearReceivedCalls();

        for (int i = 0; i < 200; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            member.OnHostFailed("its disk is gone");
            member.Tick();
            AnswerRead(member, Lease with { Epoch = 5, Successor = null });
        }

        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);
        _host.DidNotReceiveWithAnyArgs().AskMembers(default);
    }

    [Fact]
    public void Choose_WhatFailedGoesWellAgain_TakesTheLeaseAfterSomeTime()
    {
        GroupMember member = Master(new GroupRules());
        member.OnHostFailed("no space left");
        member.OnLeaseWritten(3, "3");
        _host.ClearReceivedCalls();

        for (int i = 0; i < 100 && !_host.ReceivedCalls().Any(static call => call.GetMethodInfo().Name == nameof(IMemberHost.WriteLease)); i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            member.Tick();
            AnswerRead(member, Lease with { Epoch = 5, Successor = null });
        }

        _host.Received().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Holder == "a" && lease.Epoch == 6), Arg.Any<string?>());
    }

    /// <summary>Nothing fails, and nothing comes of what was appended: another copy could.</summary>
    [Theory]
    [InlineData(1, 2, true)]
    [InlineData(2, 3, true)]
    [InlineData(2, 2, false)] // nobody acknowledges anything without this member, whoever leads
    public void Tick_TheDiskOfTheMasterHangs_GivesTheLeaseBackWhereOthersCanGoOn(int minInSync, int members, bool givesBack)
    {
        GroupMember master = Master(new GroupRules(), minInSync: minInSync, members: members);
        _host.AppendedEnd.Returns(150);
        _host.WaitsForDisk.Returns(true);
        master.Tick();

        Pass(master, Options.HangTime - Look);
        master.LeadingEpoch.Should().Be(5, "a disk may be slow for a moment");
        Pass(master, 2 * Look);

        master.LeadingEpoch.Should().Be(givesBack ? null : 5);
        _host.Received(givesBack ? 1 : 0).WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Holder.Length == 0), Arg.Any<string?>());
        _host.Received(givesBack ? 1 : 0).Report(MemberEvent.StandsBack, Arg.Is<string>(static text => text.Contains("its log waits for the disk")));
    }

    [Fact]
    public void Tick_TheDiskHangsAndNoOtherCopyIsInSync_LeadsOn()
    {
        GroupMember master = Master(new GroupRules(), minInSync: 1);
        master.OnFollowerGone(Follower, epoch: 5);
        master.Tick();
        AnswerWrites(master);
        master.Lease!.InSync.Should().ContainSingle();
        _host.WaitsForDisk.Returns(true);

        Pass(master, 3 * Options.HangTime);

        master.LeadingEpoch.Should().Be(5, "nobody else may lead");
    }

    [Fact]
    public void Tick_TheDiskIsSlowAndGetsOn_LeadsOn()
    {
        GroupMember master = Master(new GroupRules(), minInSync: 1);
        _host.WaitsForDisk.Returns(true);

        for (int end = 101; end < 110; end++)
        {
            Pass(master, Options.HangTime - (2 * Look));
            _host.LogEnd.Returns(new LogEnd(5, end));
        }

        master.LeadingEpoch.Should().Be(5);
    }

    /// <summary>The process stood still each time, with a write under way: that nothing was written then says nothing of the disk.</summary>
    [Fact]
    public void Tick_TheProcessStoodStill_IsNoHungDisk()
    {
        GroupMember master = Master(new GroupRules(), minInSync: 1);
        _host.WaitsForDisk.Returns(true);

        for (int i = 0; i < 6; i++)
        {
            _time.Advance(Options.Lease.Duration - Options.Lease.Margin - Options.Lease.Renew);
            master.OnAcknowledged(Follower, epoch: 5, offset: 100);
            master.Tick();
            AnswerWrites(master);
        }

        master.LeadingEpoch.Should().Be(5, "so much time has passed, and hardly any of it was seen to pass");
    }

    [Fact]
    public void Tick_AnEpochDoesNotBegin_GivesTheLeaseBackAndGivesItMoreTimeTheNextTime()
    {
        GroupMember member = Winner(minInSync: 1);

        Pass(member, Options.HangTime - Look);
        member.LeadingEpoch.Should().Be(5, "a beginning may be slow");
        Pass(member, 2 * Look);
        member.LeadingEpoch.Should().BeNull();
        _host.Received().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Holder.Length == 0 && lease.InSync.Count == 1), Arg.Any<string?>());
        _host.Received(1).Report(MemberEvent.StandsBack, Arg.Is<string>(static text => text.Contains("epoch 5 has not begun here")));

        LeadsAgain(member, 6);
        Pass(member, (2 * Options.HangTime) - Look);
        member.LeadingEpoch.Should().Be(6, "else members that are slow would pass the lease on for ever");
        Pass(member, 2 * Look);
        member.LeadingEpoch.Should().BeNull();
    }

    [Fact]
    public void Tick_AnEpochHasBegun_ItsBeginningIsNotWaitedForAnyMore()
    {
        GroupMember master = Winner(minInSync: 1);
        Pass(master, Options.HangTime - Look);

        master.OnLeadBegun(5, 100);
        Pass(master, 3 * Options.HangTime);

        master.LeadingEpoch.Should().Be(5);
    }

    /// <summary>It would win, and keep everybody else from leading. When the disk goes on it may lead as after any other failure.</summary>
    [Fact]
    public void Choose_TheDiskHangsStill_NeverTakesTheLeaseAndDoesWhenItGoesOn()
    {
        GroupMember member = Master(new GroupRules(), minInSync: 1);
        _host.WaitsForDisk.Returns(true);
        Pass(member, Options.HangTime + Look);
        member.LeadingEpoch.Should().BeNull();
        LeaseRecord free = Lease with { Epoch = 5, Successor = null };
        _host.ClearReceivedCalls();

        for (int i = 0; i < 200; i++)
        {
            _time.Advance(Look);
            member.Tick();
            AnswerRead(member, free);
        }

        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);
        _host.DidNotReceiveWithAnyArgs().Report(default, default!);
        _host.WaitsForDisk.Returns(false);
        LeadsAgain(member, 6);
    }

    /// <summary>Of two members that must both be in sync one is lost: what the other does alone is acknowledged to nobody, so the lost one may lead again.</summary>
    [Theory]
    [InlineData(1, false, 1)]
    [InlineData(2, false, 2)]
    [InlineData(2, true, 1)]
    public void Take_WithTheMasterLost_KeepsItInSyncWhereTheMinimumNeedsItUnlessTheRuleIsBroken(int minInSync, bool isRuleBroken, int inSync)
    {
        GroupMember member = Took(Lease with { Holder = "b", Successor = null }, minInSync, isRuleBroken ? new BrokenRules.DropsTheLostMasterBelowTheMinimum() : new GroupRules());

        _host.Received().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(lease => lease.Holder == "a" && lease.InSync.Count == inSync), "1");
        member.OnLeaseWritten(Written(), "2");
        member.OnLeadBegun(5, 100);
        member.TakesMessages.Should().Be(minInSync == 1, "nobody counts on the one that was lost before it comes");
    }

    [Theory]
    [InlineData(ReplicationMode.Sync, 4, 2, true)]
    [InlineData(ReplicationMode.Sync, 4, 1, false)] // alone in sync: an earlier process on a lost node may acknowledge by itself
    [InlineData(ReplicationMode.Async, 4, 2, false)]
    [InlineData(ReplicationMode.Sync, 9, 2, false)] // the lease was set back
    public void Choose_TheLeaseIsThatOfItsProcessBefore_IsNotWaitedForWhereTheCopiesDecide(ReplicationMode mode, long seen, int inSync, bool takesIt)
    {
        LeaseRecord lease = Lease with { Holder = "a", Successor = null, InSync = [.. Lease.InSync.Take(inSync)] };
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options with { Mode = mode, MinInSync = 1 }, new MemberState("group", "a1", seen, seen), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(lease, "1"));
        _time.Advance(Options.AnswerTime);

        member.Tick();

        _host.ReceivedWithAnyArgs(takesIt ? 1 : 0).WriteLease(default, default!, default);
        if (takesIt)
        {
            _host.Received().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static taken => taken.Epoch == 5 && taken.InSync.Count == 2), "1");
        }
    }

    [Fact]
    public void Choose_ItsOwnMastershipHasEndedHere_WaitsForTheEndOfItsLease()
    {
        GroupMember master = Master(new GroupRules());
        _time.Advance(Options.Lease.Duration - Options.Lease.Margin);
        master.Tick();
        master.LeadingEpoch.Should().BeNull();
        _host.ClearReceivedCalls();

        master.Tick();
        AnswerRead(master, Lease with { Holder = "a", Epoch = 5, Successor = null });
        master.Tick();

        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);
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

    private static void Fail(bool fails)
    {
        if (fails)
        {
            throw new IOException("no space left");
        }
    }

    /// <summary>Between two ticks.</summary>
    private static TimeSpan Look => TimeSpan.FromMilliseconds(125);

    private static GroupOptions Options => new() { Member = "a", Members = ["a", "b"], MinInSync = 2 };

    private static LeaseRecord Lease => new()
    {
        GroupId = "group",
        Holder = string.Empty,
        Successor = "a",
        Epoch = 4,
        RenewTime = DateTimeOffset.UnixEpoch,
        Duration = TimeSpan.FromSeconds(6),
        InSync = [new MemberCopy("a", "a1"), Follower],
    };

    /// <summary>The lease has expired, and b, which held it, does not answer.</summary>
    private GroupMember Took(LeaseRecord lease, int minInSync, GroupRules rules)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options with { MinInSync = minInSync }, new MemberState("group", "a1", 4, 4), _host, _time, rules);
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(lease, "1"));
        for (int i = 0; i < 100 && Written() == 0; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            member.Tick();
            AnswerRead(member, lease);
        }

        return member;
    }

    /// <summary>It looks as often as a host has it look, its lease is renewed, and its follower says that it has everything.</summary>
    private void Pass(GroupMember master, TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            _time.Advance(Look);
            if (master.Lease!.InSync.Contains(Follower) && master.LeadingEpoch is { } epoch)
            {
                master.OnAcknowledged(Follower, epoch, offset: 100);
            }

            master.Tick();
            AnswerWrites(master);
        }
    }

    private void AnswerWrites(GroupMember member)
    {
        if (Written() is > 0 and var write)
        {
            member.OnLeaseWritten(write, write.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>It finds the lease free, takes it once it stands back no more, and has won it.</summary>
    private void LeadsAgain(GroupMember member, long epoch)
    {
        LeaseRecord free = Lease with { Epoch = epoch - 1, Successor = null };
        for (int i = 0; i < 200 && member.LeadingEpoch is null; i++)
        {
            _time.Advance(Look);
            member.Tick();
            AnswerRead(member, free);
            AnswerWrites(member);
        }

        member.LeadingEpoch.Should().Be(epoch);
    }

    /// <summary>Which request wrote last; 0 when none did.</summary>
    private long Written() => Requests(nameof(IMemberHost.WriteLease));

    private void AnswerRead(GroupMember member, LeaseRecord lease)
    {
        if (Requests(nameof(IMemberHost.ReadLease)) is > 0 and var read)
        {
            member.OnLeaseRead(read, new VersionedLease(lease, "1"));
        }
    }

    private long Requests(string kind) => _host.ReceivedCalls().Where(call => call.GetMethodInfo().Name == kind).Select(static call => (long)call.GetArguments()[0]!).LastOrDefault();

    /// <summary>Leads epoch 5, in which nothing is acknowledged yet; its log ends at 100.</summary>
    private GroupMember Master(GroupRules rules, TimeSpan answerTakes = default, int minInSync = 2, int members = 2)
    {
        GroupMember member = Winner(rules, answerTakes, minInSync, members);
        member.OnLeadBegun(5, 70);
        member.LeadingEpoch.Should().Be(5);
        member.Confirmed.Should().Be(0);
        return member;
    }

    /// <summary>Has won the lease for epoch 5, which has not begun.</summary>
    private GroupMember Winner(GroupRules? rules = null, TimeSpan answerTakes = default, int minInSync = 2, int members = 2)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        _host.AppendedEnd.Returns(100);
        GroupOptions options = Options with { MinInSync = minInSync, Members = [.. "abc".Take(members).Select(static name => name.ToString())] };
        GroupMember member = new(options, new MemberState("group", "a1", 4, 4), _host, _time, rules ?? new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(Lease, "1"));
        member.OnAnswer(1, new MemberAnswer("group", Follower, new LogEnd(4, 100), 4, false) { Seen = 4 });
        if (members > 2)
        {
            // Not all of them answer.
            _time.Advance(Options.AnswerTime);
            member.Tick();
        }

        _time.Advance(answerTakes);
        member.OnLeaseWritten(Written(), "2");
        return member;
    }
}
