using System.Globalization;
using NSubstitute;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Members;

/// <summary>The lease store does not answer: who goes on without it, for how long, and what becomes of it afterwards.</summary>
public sealed class WithoutLeaseTests : MemberTest
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public void Tick_EveryCopyFollows_LeadsOnInItsEpoch()
    {
        GroupMember master = Master(new GroupRules());

        PassWithoutLease(master, Long, says: true);

        master.RenewsLease.Should().BeFalse();
        master.LeadingEpoch.Should().Be(5);
        master.TakesMessages.Should().BeTrue();
        master.MayAcknowledge(5, 100).Should().BeTrue();
        master.MayAcknowledge(5, 101).Should().BeFalse("the copy does not have it");
    }

    [Fact]
    public void Tick_ACopyFollowsNoMore_RefusesAfterFiveSecondsAndGivesUp()
    {
        GroupMember master = Master(new GroupRules());
        PassWithoutLease(master, Long, says: true);

        PassWithoutLease(master, TimeSpan.FromSeconds(4.8), says: false);
        master.LeadingEpoch.Should().Be(5);
        PassWithoutLease(master, TimeSpan.FromSeconds(0.4), says: false);

        (master.LeadingEpoch, master.HeldEpoch).Should().Be((null, null));
        master.MayAcknowledge(5, 100).Should().BeFalse();
        _host.Received().StandBy();
    }

    [Fact]
    public void OnJoining_ACopyComesAnew_ItsMasterTakesNothingBeforeItHasSaidWhatItHas()
    {
        GroupMember master = Master(new GroupRules());
        PassWithoutLease(master, Long, says: true);

        master.OnJoining(Follower, 5);
        (master.TakesMessages, master.LeadingEpoch, master.HeldEpoch).Should().Be((false, null, 5L));
        master.OnAcknowledged(Follower, 5, 100);

        (master.TakesMessages, master.LeadingEpoch).Should().Be((true, 5L));
    }

    /// <summary>Nobody can lead instead, and the store may be a copy of what runs on elsewhere: time is the fence, and the epoch goes on.</summary>
    [Fact]
    public void Tick_NoOtherCopyIsInSync_RefusesAndGoesOnWhenTheLeaseIsRenewed()
    {
        GroupMember master = Master(new GroupRules(), minInSync: 1);
        master.OnFollowerGone(Follower, 5);
        master.Tick();
        AnswerWrites(master);
        master.Lease!.InSync.Should().Equal(new MemberCopy("a", "a1"));

        PassWithoutLease(master, Long, says: false);
        (master.LeadingEpoch, master.HeldEpoch).Should().Be((null, 5L));
        Renew(master);

        (master.LeadingEpoch, master.TakesMessages).Should().Be((5L, true));
        _host.DidNotReceive().StandBy();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Tick_InAsyncMode_ServesWhereThatIsWanted(bool serves)
    {
        GroupMember master = AsyncMaster(serves);

        PassWithoutLease(master, Long, says: true);

        (master.LeadingEpoch is not null).Should().Be(serves);
        master.MayAcknowledge(5, 1_000).Should().Be(serves);
        master.HeldEpoch.Should().Be(5);
        Renew(master);
        (master.LeadingEpoch, master.TakesMessages).Should().Be((5L, true), "nobody has taken the lease");
    }

    /// <summary>A clock that stands while the machine does says that the copies were heard a moment ago; the other one knows better.</summary>
    [Fact]
    public void LeadingEpoch_TheMachineWasSuspended_IsNotThatOfCopiesHeardBefore()
    {
        GroupMember master = Master(new GroupRules());
        PassWithoutLease(master, Long, says: true);

        _time.Set(TimeSpan.FromMinutes(10));
        master.LeadingEpoch.Should().BeNull();
        master.Tick();
        master.LeadingEpoch.Should().BeNull("time alone is no word of a copy");
        master.OnAcknowledged(Follower, 5, 100);

        master.LeadingEpoch.Should().Be(5);
    }

    [Fact]
    public void OnLeaseRead_AnotherHasTakenIt_GivesUp()
    {
        GroupMember master = Master(new GroupRules());
        PassWithoutLease(master, Long, says: true);

        _time.Advance(new LeaseTimings().Renew);
        master.Tick();
        master.OnLeaseWritten(Written(), null);
        master.OnLeaseRead(Requests(nameof(IMemberHost.ReadLease)), new VersionedLease(Lease with { Holder = "b", Successor = null, Epoch = 6 }, "9"));

        (master.LeadingEpoch, master.HeldEpoch).Should().Be((null, null));
        _host.Received().Follow(Arg.Is<LeaseRecord>(static lease => lease.Epoch == 6));
    }

    /// <summary>Who is asked whether somebody leads, before a lease is founded, says yes for as long as it may go on.</summary>
    [Fact]
    public void Describe_WhileItRefuses_SaysThatItLeads()
    {
        GroupMember master = AsyncMaster(serves: false);

        PassWithoutLease(master, Long, says: true);

        master.LeadingEpoch.Should().BeNull();
        master.Describe().Leads.Should().BeTrue();
    }

    [Fact]
    public void HandOverTo_TheLeaseCannotBeWritten_IsRefused()
    {
        GroupMember master = Master(new GroupRules());
        PassWithoutLease(master, Long, says: true);

        master.HandOverTo("b").Should().BeFalse();

        _host.DidNotReceive().PauseWrites();
        _host.Received().Report(MemberEvent.HandOverFailed, Arg.Is<string>(static text => text.Contains("does not answer")));
    }

    /// <summary>Given away by a write that cannot be made, the lease would be nobody's until the store is back.</summary>
    [Fact]
    public void HandOverTo_TheLeaseEndsBeforeTheTargetHasEverything_IsNotReleased()
    {
        GroupMember master = Master(new GroupRules());
        _host.AppendedEnd.Returns(101);
        PassWithoutLease(master, TimeSpan.FromSeconds(4), says: true);
        master.HandOverTo("b").Should().BeTrue();
        PassWithoutLease(master, TimeSpan.FromSeconds(2), says: true);

        _host.AppendedEnd.Returns(100);
        PassWithoutLease(master, TimeSpan.FromSeconds(1), says: true);

        _host.DidNotReceive().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Successor == "b"), Arg.Any<string?>());
        PassWithoutLease(master, TimeSpan.FromSeconds(3), says: true);
        _host.Received().ResumeWrites();
        (master.TakesMessages, master.LeadingEpoch).Should().Be((true, 5L));
    }

    [Fact]
    public void OnFollowerGone_ACopyInSync_IsNoneThatFollows()
    {
        GroupMember master = Master(new GroupRules());
        PassWithoutLease(master, Long, says: true);

        master.OnFollowerGone(Follower, 5);

        (master.LeadingEpoch, master.TakesMessages).Should().Be((null, false));
    }

    /// <summary>Requests that fail at once are not made with each tick.</summary>
    [Fact]
    public void Tick_TheStoreRefuses_AsksTwiceInEachRenewal()
    {
        GroupMember master = Master(new GroupRules());
        PassWithoutLease(master, TimeSpan.FromSeconds(10), says: true);
        int before = Writes();

        PassWithoutLease(master, 10 * new LeaseTimings().Renew, says: true);

        (Writes() - before).Should().BeInRange(10, 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Choose_TheMasterServesAndDoesNotRenew_IsLeftToIt(bool hears)
    {
        GroupMember member = Follows();
        _host.MasterSilence.Returns(hears ? TimeSpan.FromSeconds(5.9) : TimeSpan.FromSeconds(6));

        LookOn(member, Held, TimeSpan.FromSeconds(20));

        (Written() > 0).Should().Be(!hears);
    }

    /// <summary>After an outage everybody would else take the lease of a master that is about to renew it.</summary>
    [Fact]
    public void Choose_TheStoreAnswersAgain_GivesTheHolderTimeToRenew()
    {
        GroupMember member = Follows();
        _time.Advance(TimeSpan.FromSeconds(30));
        member.Tick();

        LookOn(member, Held, TimeSpan.FromSeconds(2.8));
        Written().Should().Be(0, "the holder could not reach it either");
        LookOn(member, Held, TimeSpan.FromSeconds(1));

        Written().Should().BePositive();
    }

    [Fact]
    public void OnLeaseWatched_ARenewal_CountsWithoutARead()
    {
        GroupMember member = Follows();
        long read = Requests(nameof(IMemberHost.ReadLease));

        for (int i = 1; i < 60; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1.5));
            member.OnLeaseWatched(new VersionedLease(Held with { RenewTime = Held.RenewTime.AddSeconds(i) }, Text(i)));
            member.Tick();
        }

        Requests(nameof(IMemberHost.ReadLease)).Should().Be(read, "nothing is asked that is told");
        Written().Should().Be(0);
    }

    /// <summary>A watch may be behind what was read.</summary>
    [Fact]
    public void OnLeaseWatched_AnEarlierRenewalOrAnotherHolder_IsReadAndNotTakenForTrue()
    {
        GroupMember member = Follows();
        long read = Requests(nameof(IMemberHost.ReadLease));

        member.OnLeaseWatched(new VersionedLease(Held with { RenewTime = Held.RenewTime.AddSeconds(-5) }, "0"));
        Requests(nameof(IMemberHost.ReadLease)).Should().Be(++read);
        AnswerRead(member, Held);
        member.OnLeaseWatched(new VersionedLease(Held with { Holder = "c", Epoch = 9, RenewTime = Held.RenewTime.AddSeconds(5) }, "9"));
        Requests(nameof(IMemberHost.ReadLease)).Should().Be(++read);
        AnswerRead(member, Held);
        member.OnLeaseWatched(lease: null);

        Requests(nameof(IMemberHost.ReadLease)).Should().Be(++read);
        member.Lease!.Epoch.Should().Be(6);
    }

    [Fact]
    public void OnLeaseWatched_OfTheMaster_ReadsWhatOthersDidAndNotItsOwnRenewals()
    {
        GroupMember master = Master(new GroupRules());
        LeaseRecord own = master.Lease!;
        long read = Requests(nameof(IMemberHost.ReadLease));

        master.OnLeaseWatched(new VersionedLease(own, "2"));
        master.OnLeaseWatched(new VersionedLease(own with { RenewTime = own.RenewTime.AddSeconds(-1) }, "1"));
        Requests(nameof(IMemberHost.ReadLease)).Should().Be(read);
        master.OnLeaseWatched(new VersionedLease(own with { HandOverTo = "b" }, "3"));

        Requests(nameof(IMemberHost.ReadLease)).Should().NotBe(read);
        read = Requests(nameof(IMemberHost.ReadLease));
        master.OnLeaseRead(read, new VersionedLease(own, "2"));
        AnswerWrites(master);
        master.OnLeaseWatched(lease: null);
        Requests(nameof(IMemberHost.ReadLease)).Should().NotBe(read, "it founds a lease that was deleted anew");
    }

    [Fact]
    public void Choose_APersonPermitsALossAndAMasterIsThere_EndsItFirst()
    {
        GroupMember member = new(Options, new MemberState("group", "a2", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(Lease with { Successor = null, UncleanEpoch = 5 }, "1"));

        member.OnAnswer(1, new MemberAnswer("group", Follower, new LogEnd(4, 90), 4, Leads: true));

        Written().Should().Be(0);
        _host.Received().Report(MemberEvent.MayNotLead, Arg.Is<string>(static text => text.Contains("end that member first")));
    }

    private static LeaseRecord Held => Lease with { Holder = "b", Successor = null, Epoch = 6, RenewTime = DateTimeOffset.UnixEpoch.AddHours(1) };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Follows b, which holds the lease of epoch 6.</summary>
    private GroupMember Follows()
    {
        _host.LogEnd.Returns(new LogEnd(6, 100));
        GroupMember member = new(Options, new MemberState("group", "a1", 6, 6), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(Held, "1"));
        _host.Received(1).Follow(Arg.Is<LeaseRecord>(static lease => lease.Epoch == 6));
        return member;
    }

    private void LookOn(GroupMember member, LeaseRecord lease, TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            _time.Advance(Look);
            member.Tick();
            AnswerRead(member, lease);
        }
    }

    private GroupMember AsyncMaster(bool serves)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        _host.AppendedEnd.Returns(100);
        GroupOptions options = Options with { Mode = ReplicationMode.Async, MinInSync = 1, ServesWithoutLease = serves };
        GroupMember master = new(options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        master.Tick();
        master.OnLeaseRead(1, new VersionedLease(Lease, "1"));
        master.OnAnswer(1, new MemberAnswer("group", Follower, new LogEnd(4, 100), 4, false) { Seen = 4 });
        master.OnLeaseWritten(Written(), "2");
        master.OnLeadBegun(5, 70);
        return master;
    }

    /// <summary>Each request of it fails; its follower says that it has everything, or nothing more.</summary>
    private void PassWithoutLease(GroupMember master, TimeSpan time, bool says)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            _time.Advance(Look);
            if (says)
            {
                master.OnAcknowledged(Follower, 5, offset: 100);
            }

            master.Tick();
            if (Written() is > 0 and var write)
            {
                master.OnLeaseFailed(write);
            }
        }
    }

    private void Renew(GroupMember master)
    {
        _time.Advance(new LeaseTimings().Renew);
        master.Tick();
        AnswerWrites(master);
    }

    private int Writes() => _host.ReceivedCalls().Count(static call => call.GetMethodInfo().Name == nameof(IMemberHost.WriteLease));
}
