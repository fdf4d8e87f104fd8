using NSubstitute;
using RocketOps.Replication.Leases;
using RocketOps.Replication.Members;
using RocketOps.Replication.Rules;
using RocketOps.Replication.Tests.Simulation;
using RocketOps.Testing.Time;

namespace RocketOps.Replication.Tests.Members;

/// <summary>What schedules of faults hardly ever meet, step by step.</summary>
public sealed class GroupMemberTests
{
    private static readonly MemberCopy Follower = new("b", "b1");

    private readonly FakeTimeProvider _time = new();
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

    /// <summary>Leads epoch 5, in which nothing is acknowledged yet; its log ends at 100.</summary>
    private GroupMember Master(GroupRules rules, TimeSpan answerTakes = default, int minInSync = 2)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        _host.AppendedEnd.Returns(100);
        GroupMember member = new(Options with { MinInSync = minInSync }, new MemberState("group", "a1", 4, 4), _host, _time, rules);
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(Lease, "1"));
        _time.Advance(answerTakes);
        member.OnLeaseWritten(2, "2");
        member.OnLeadBegun(5, 70);
        member.LeadingEpoch.Should().Be(5);
        member.Confirmed.Should().Be(0);
        return member;
    }
}
