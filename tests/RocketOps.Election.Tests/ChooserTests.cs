using NSubstitute;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Election.Tests.Members;
using RocketOps.Election.Tests.Simulation;

namespace RocketOps.Election.Tests;

/// <summary>A member that does not lead, where schedules of faults hardly ever lead.</summary>
public sealed class ChooserTests : MemberTest
{
    [Fact]
    public void OnLeaseRead_OfAnotherGroup_IsNotFollowed()
    {
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();

        member.OnLeaseRead(1, new VersionedLease(Lease with { GroupId = "other", Holder = "b", Epoch = 9 }, "1"));

        _host.DidNotReceiveWithAnyArgs().Follow(default!);
        _host.Received().Report(MemberEvent.MayNotLead, Arg.Is<string>(text => text.Contains("two clusters have one name")));
    }

    /// <summary>An empty member, pointed at another group's lease by its configuration.</summary>
    [Theory]
    [InlineData("", "prod/broker-b", "prod/broker-a", false)]
    [InlineData("", "prod/broker-a", "prod/broker-a", true)]
    [InlineData("", "prod/broker-a", "", true)]
    [InlineData("", "", "prod/broker-a", true)]
    [InlineData("group", "prod/renamed", "prod/broker-a", true)]
    public void OnLeaseRead_OfAHolder_IsFollowedWhenTheGroupIsItsOwn(string groupId, string ownName, string nameInLease, bool follows)
    {
        GroupMember member = new(Options with { GroupName = ownName }, new MemberState(groupId, "a1", 0, 0), _host, _time, new GroupRules());
        LeaseRecord lease = Lease with { GroupName = nameInLease, Holder = "b", Epoch = 9, Successor = null };
        member.Tick();

        member.OnLeaseRead(1, new VersionedLease(lease, "1"));

        member.IsOwn(lease).Should().Be(follows);
        _host.ReceivedWithAnyArgs(follows ? 1 : 0).Follow(default!);
        _host.Received(follows ? 0 : 1).Report(MemberEvent.MayNotLead,
            Arg.Is<string>(text => text.Contains("the lease is that of prod/broker-a, and this member is configured for prod/broker-b")));
    }

    /// <summary>A group that was renamed keeps its id, and its master writes the new name.</summary>
    [Theory]
    [InlineData("", 0)]
    [InlineData("group", 1)]
    public void OnAnswer_WithAFreeLeaseOfAnotherName_TakesItByTheIdAlone(string groupId, int writes)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options with { GroupName = "prod/new" }, new MemberState(groupId, "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(Lease with { GroupName = "prod/old", Successor = null }, "1"));

        member.OnAnswer(1, new MemberAnswer(groupId, Follower, new LogEnd(4, 90), 4, false));

        _host.ReceivedWithAnyArgs(writes).WriteLease(default, default!, default);
        _host.Received(writes).WriteLease(2, Arg.Is<LeaseRecord>(static lease => lease.GroupName == "prod/new"), "1");
    }

    /// <summary>A lease that was set back names a master that was replaced. Schedules do not get there: a follower takes nothing from such a master's connection either.</summary>
    [Theory]
    [InlineData(4, false, 1)]
    [InlineData(3, false, 0)]
    [InlineData(3, true, 1)]
    public void OnLeaseRead_OfAnEpochBelowOneThatWasSeen_IsNotFollowed(long epoch, bool followsAny, int follows)
    {
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, followsAny ? new BrokenRules.FollowsAnyMaster() : new GroupRules());
        member.Tick();

        member.OnLeaseRead(1, new VersionedLease(Lease with { Holder = "b", Epoch = epoch, Successor = null }, "1"));

        _host.ReceivedWithAnyArgs(follows).Follow(default!);
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

    /// <summary>Its log may be as long as ever: it is the file beside it that lacks.</summary>
    [Theory]
    [InlineData("group", "", "b has no file memberState of this group")]
    [InlineData("", "group", "a has no file memberState of this group")]
    public void Choose_NoLeaseAndAMemberWithoutItsFiles_NamesTheMemberTheFileAndTheKey(string own, string other, string said)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options, new MemberState(own, "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, null);
        member.OnAnswer(1, new MemberAnswer(other, new MemberCopy("b", "b2"), new LogEnd(4, 90), 4, false));

        member.Tick();

        _host.ReceivedWithAnyArgs(0).WriteLease(default, default!, default);
        _host.Received().Report(MemberEvent.MayNotLead, Arg.Is<string>(text => text.Contains(said)
            && text.Contains("uncleanEpoch in the lease") && text.Contains("rocketops.io/unclean-epoch") && !text.Contains("has an empty store")));
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

    /// <summary>The watch broke off without a word right after it had shown a renewal, and the holder renewed once more at once: this member reads of that while the others still wait for it.</summary>
    [Theory]
    [InlineData(6000, 1500)]
    [InlineData(5500, 1500)]
    public void Tick_TheWatchShowsNothingMore_ReadsTheLeaseInTimeForItsTurn(int durationMs, int renewMs)
    {
        GroupOptions options = Options with { Lease = new LeaseTimings { Duration = TimeSpan.FromMilliseconds(durationMs), Renew = TimeSpan.FromMilliseconds(renewMs) } };
        GroupMember member = Watcher(options, out LeaseRecord held);
        ShowRenewal(member, held, renewals: 1);

        for (TimeSpan silence = Look; silence + options.AnswerTime < options.Patience; silence += Look)
        {
            LookOnce(member);
        }

        Reads().Should().Be(2);
    }

    /// <summary>A busy machine shows some late, by less than half a renewal.</summary>
    [Fact]
    public void Tick_TheWatchShowsEachRenewalLate_ReadsNothing()
    {
        GroupMember member = Watcher(Options, out LeaseRecord held);

        for (int renewals = 1; renewals <= 20; renewals++)
        {
            for (TimeSpan silence = Look; silence < 1.5 * Options.Lease.Renew; silence += Look)
            {
                LookOnce(member);
            }

            ShowRenewal(member, held, renewals);
        }

        Reads().Should().Be(1);
    }

    /// <summary>
    /// A wish was shown, and is read; meanwhile the holder has handed over, which the watch shows before the answer comes that was made earlier. Nothing more is shown then, as nobody renews a free lease: two hand-overs of some
    /// fifteen on a busy machine took 3 s.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OnLeaseWatched_WhileARequestIsUnderWay_IsNotForgotten(bool isAnswered)
    {
        GroupMember member = Watcher(Options, out LeaseRecord held);
        member.OnLeaseWatched(new VersionedLease(held with { HandOverTo = "a" }, "2"));
        Reads().Should().Be(2);
        member.OnLeaseWatched(new VersionedLease(held with { Holder = string.Empty, Successor = "a" }, "3"));
        Reads().Should().Be(2, "one request is under way at a time");

        if (isAnswered)
        {
            AnswerRead(member, held with { HandOverTo = "a" });
        }
        else
        {
            member.OnLeaseFailed(Requests(nameof(IMemberHost.ReadLease)));
        }

        Reads().Should().Be(3);
    }

    /// <summary>What a member has written is shown as well, before the answer to it or after.</summary>
    [Fact]
    public void OnLeaseWatched_WhatTheAnswerSaysToo_IsNotReadAgain()
    {
        GroupMember member = Watcher(Options, out LeaseRecord held);
        member.OnLeaseWatched(new VersionedLease(held with { HandOverTo = "a" }, "1b"));
        member.OnLeaseWatched(new VersionedLease(held with { HandOverTo = "a" }, "1"));

        AnswerRead(member, held with { HandOverTo = "a" });

        Reads().Should().Be(2);
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
        member.OnAnswer(1, new MemberAnswer("group", Follower, new LogEnd(4, 100), 4, false));
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

    /// <summary>All members start after a fault, and a person permits the loss: c, which is the last to answer, may have more.</summary>
    [Theory]
    [InlineData(120, false, 0)]
    [InlineData(80, false, 1)]
    [InlineData(120, true, 1)]
    public void Choose_ALossIsPermittedAndAMemberHasNotStarted_WaitsForItUnlessTheRuleIsBroken(long other, bool isRuleBroken, int writes)
    {
        GroupMember member = NotInSync(isRuleBroken ? new BrokenRules.LeadsWithLossBeforeOthersHaveStarted() : new GroupRules());
        member.OnAnswer(1, new MemberAnswer("group", Follower, new LogEnd(4, 90), 4, false));
        _time.Advance(Options.AnswerTime);
        member.Tick();
        _host.ReceivedWithAnyArgs(isRuleBroken ? 1 : 0).WriteLease(default, default!, default);

        member.OnAnswer(1, new MemberAnswer("group", new MemberCopy("c", "c2"), new LogEnd(4, other), 4, false));

        PassAndRead(member, Permitted, 2 * Options.Lease.Duration);
        _host.ReceivedWithAnyArgs(writes).WriteLease(default, default!, default);
        if (writes == 0)
        {
            _host.Received(1).Report(MemberEvent.MayNotLead, Arg.Is<string>(static text =>
                text.Contains("epoch 5 is permitted") && text.Contains("the log of c goes to epoch 4, offset 120") && text.Contains("c is to lead")));
        }
    }

    /// <summary>It is lost for ever: this is what the permission is for.</summary>
    [Fact]
    public void Choose_ALossIsPermittedAndAMemberNeverAnswers_LeadsAfterALeasesTimeAndNamesIt()
    {
        GroupMember member = NotInSync(new GroupRules());
        member.OnAnswer(1, new MemberAnswer("group", Follower, new LogEnd(4, 90), 4, false));
        PassAndRead(member, Permitted, Options.Lease.Duration - Look);
        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);

        PassAndRead(member, Permitted, 2 * Look);

        _host.Received(1).WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Holder == "a" && lease.Epoch == 5), "1");
        member.OnLeaseWritten(Written(), "2");
        _host.Received().Report(MemberEvent.TookLease, Arg.Is<string>(static text => text.Contains("a person has permitted")
            && text.Contains("not heard within 6.0 s: c; what only they have is lost")));
    }

    /// <summary>
    /// All members start at once, nobody leads at the moment, and the leaseStore of this one has a mistake in it: it would lead beside
    /// whoever takes the lease of the others.
    /// </summary>
    [Theory]
    [InlineData(false, "file:/group/lease", 4, "b finds the lease of epoch 4, by a lease at file:/group/lease: leaseStore of one of the two is wrong")]
    [InlineData(true, "file:/group/lease", 4, "b leads in epoch 4, by a lease at file:/group/lease: leaseStore of one of the two is wrong")]
    [InlineData(false, "file:/other/lease", 4, "by a lease at file:/other/lease too: see whether that is the same place for both (leaseStore)")]
    [InlineData(true, null, 0, "b leads in epoch 4 or later, by a lease elsewhere: leaseStore of one of the two is wrong")]
    public void Choose_NoLeaseWhereThisMemberLooksAndAnotherKnowsOne_FoundsNothingAndNamesTheKey(bool leads, string? there, long epoch, string said)
    {
        GroupMember member = WithoutLease();
        MemberAnswer answer = new("group", Follower, new LogEnd(4, 90), 4, leads)
        {
            Seen = 4,
            Lease = there is null ? null : new LeaseSight(there, HasLooked: true, epoch),
        };

        for (int round = 1; round < 20; round++)
        {
            member.OnAnswer(round, answer);
            PassAndRead(member, lease: null, Options.AnswerTime + Look);
        }

        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);
        _host.Received(1).Report(MemberEvent.MayNotLead, Arg.Is<string>(text => text.Contains("there is no lease here") && text.Contains(said)));
    }

    /// <summary>The lease was deleted: this member has seen that before the other one, or the other one has just started.</summary>
    [Theory]
    [InlineData(true, 4)]
    [InlineData(false, 0)]
    public void Choose_TheOtherMemberFindsNoLeaseEither_FoundsItAndSaysNothing(bool hasLooked, long epoch)
    {
        GroupMember member = WithoutLease();
        MemberAnswer answer = new("group", Follower, new LogEnd(4, 90), 4, false) { Lease = new LeaseSight("file:/other/lease", hasLooked, epoch) };
        member.OnAnswer(1, answer);
        PassAndRead(member, lease: null, Options.AnswerTime + Look);
        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);

        member.OnAnswer(2, answer with { Lease = new LeaseSight("file:/other/lease", HasLooked: true, 0) });

        _host.Received(1).WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Holder == "a" && lease.Epoch == 5), null);
        _host.DidNotReceive().Report(MemberEvent.MayNotLead, Arg.Any<string>());
    }

    [Fact]
    public void Describe_SaysWhichLeaseItFindsAndWhere()
    {
        GroupMember member = new(Options with { LeaseStore = "file:/lease" }, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Describe().Lease.Should().Be(new LeaseSight("file:/lease", HasLooked: false, 0));
        member.Tick();

        member.OnLeaseRead(1, new VersionedLease(Lease with { Holder = "b" }, "1"));

        member.Describe().Lease.Should().Be(new LeaseSight("file:/lease", HasLooked: true, 4));
    }

    private static LeaseRecord Permitted => Lease with { Successor = null, UncleanEpoch = 5 };

    /// <summary>Member a of three, which is another copy than the one in sync: it has found a lease with the permission of a loss.</summary>
    private GroupMember NotInSync(GroupRules rules)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options with { Members = ["a", "b", "c"] }, new MemberState("group", "a2", 4, 4), _host, _time, rules);
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(Permitted, "1"));
        return member;
    }

    /// <summary>It has found none at its leaseStore.</summary>
    private GroupMember WithoutLease()
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options with { LeaseStore = "file:/other/lease" }, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, null);
        return member;
    }

    /// <summary>Ticks go by, and each read of the lease finds that one.</summary>
    private void PassAndRead(GroupMember member, LeaseRecord? lease, TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            LookOnce(member);
            member.OnLeaseRead(Reads(), lease is null ? null : new VersionedLease(lease, "1"));
        }
    }

    /// <summary>Has read that b holds the lease, and is shown its renewals from now on.</summary>
    private GroupMember Watcher(GroupOptions options, out LeaseRecord held)
    {
        held = Lease with { Holder = "b", Successor = null };
        GroupMember member = new(options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(held, "1"));
        return member;
    }

    private static void ShowRenewal(GroupMember member, LeaseRecord held, int renewals) =>
        member.OnLeaseWatched(new VersionedLease(held with { RenewTime = held.RenewTime.AddSeconds(renewals) }, $"{renewals + 1}"));

    private long Reads() => Requests(nameof(IMemberHost.ReadLease));

    private void LookOnce(GroupMember member)
    {
        _time.Advance(Look);
        member.Tick();
    }
}
