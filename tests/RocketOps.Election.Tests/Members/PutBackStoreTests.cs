using NSubstitute;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Members;

/// <summary>
/// A store that was put back from an older copy of itself, which has the same incarnation: what the lease, other members and a follower
/// know of it, step by step.
/// </summary>
public sealed class PutBackStoreTests : MemberTest
{
    private static readonly MemberCopy Third = new("c", "c1");
    private static readonly LogEnd Had = new(4, 100);

    /// <summary>Held by this member's process before, whose log was confirmed up to 100.</summary>
    private static LeaseRecord Held => Lease with { Holder = "a", Successor = null, Confirmed = new ConfirmedLog(Since: 1, Epoch: 4, Offset: 100) };

    public PutBackStoreTests()
    {
        _host.EpochAt(Arg.Any<long>()).Returns(4);
        _host.NewIncarnation().Returns("a2");
    }

    /// <summary>
    /// Another member has it all: this one gives its lease back at once, as another copy, which no list of copies in sync has.
    /// </summary>
    [Theory]
    [InlineData(true, true, false)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    public void OnAnswer_AnotherHasMoreOfItsOwnEpoch_GivesTheLeaseBackAsAnotherCopy(bool leaseSays, bool followerSays, bool believesItself)
    {
        GroupMember member = Started(end: 60, leaseSays ? Held : Held with { Confirmed = null }, believesItself ? new BelievesItself() : new GroupRules());

        member.OnAnswer(1, Answer(Follower, Had) with { Confirmed = followerSays ? Had : null });
        member.OnAnswer(1, Answer(Third, Had));

        _host.Received(believesItself ? 1 : 0).WriteLease(2, Arg.Is<LeaseRecord>(static lease => lease.Holder == "a" && lease.Epoch == 5), "1");
        _host.Received(believesItself ? 0 : 1).WriteLease(2, Arg.Is<LeaseRecord>(static lease => lease.Holder.Length == 0 && lease.Epoch == 4), "1");
        _host.Received(believesItself ? 0 : 1).Persist(Arg.Is<MemberState>(static state => state.Incarnation == "a2"));
        _host.Received(believesItself ? 0 : 1).Report(MemberEvent.WentBack, Arg.Is<string>(static text => text.Contains("ends in epoch 4 at 60") && text.Contains("up to 100: 40 bytes are missing")));
        member.Describe().Copy.Should().Be(new MemberCopy("a", believesItself ? "a1" : "a2"));
    }

    /// <summary>Of a follower that was put back, which never led that epoch: what others know to be confirmed says it.</summary>
    [Fact]
    public void OnAnswer_AnotherKnowsThatMoreIsConfirmed_IsAnotherCopy()
    {
        GroupMember member = Started(end: 60, Held with { Holder = string.Empty, Confirmed = new ConfirmedLog(1, 4, 60) }, new GroupRules());

        member.OnAnswer(1, Answer(Follower, Had) with { Confirmed = new LogEnd(4, 80) });
        member.OnAnswer(1, Answer(Third, Had));

        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);
        member.Describe().Copy.Incarnation.Should().Be("a2");
    }

    /// <summary>As all members may be after a restore: nobody leads before a person permits it, whatever the best of them has.</summary>
    [Fact]
    public void OnAnswer_TheLeaseAloneKnowsOfMore_WaitsForAPerson()
    {
        GroupMember member = Started(end: 60, Held, new GroupRules());
        member.OnAnswer(1, Answer(Follower, new LogEnd(4, 55)));
        member.OnAnswer(1, Answer(Third, new LogEnd(4, 55)));

        _host.DidNotReceiveWithAnyArgs().WriteLease(default, default!, default);
        _host.Received().Report(MemberEvent.MayNotLead, Arg.Is<string>(static text => text.Contains("40 bytes are missing") && text.Contains("set uncleanEpoch in the lease (in Kubernetes the Lease's annotation rocketops.io/unclean-epoch) to 5")));
        member.Describe().Copy.Incarnation.Should().Be("a1", "copies that gave up what they are would let the best of them recover the group");

        LeaseRecord permitted = Held with { UncleanEpoch = 5 };
        member.OnLeaseWatched(new VersionedLease(permitted, "2"));
        member.OnLeaseRead(Requests(nameof(IMemberHost.ReadLease)), new VersionedLease(permitted, "2"));
        for (long round = 2; round < 5; round++)
        {
            member.OnAnswer(round, Answer(Follower, new LogEnd(4, 55)));
            member.OnAnswer(round, Answer(Third, new LogEnd(4, 55)));
        }

        _host.Received(1).WriteLease(
            Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Holder == "a" && lease.Epoch == 5 && lease.InSync.Count == 1 && lease.Confirmed == new ConfirmedLog(5, 4, 60)), "2");
    }

    /// <summary>
    /// Nobody answers. Within the term of its own lease it waits for a copy in sync, which knows; when the term is over, what the lease
    /// says decides.
    /// </summary>
    [Theory]
    [InlineData(100, 4, false, true)]
    [InlineData(100, 4, true, true)]
    [InlineData(99, 4, false, false)]
    [InlineData(100, 3, false, false)]
    public void Tick_NobodyAnswers_LeadsWhenTheTermIsOverByWhatTheLeaseSays(long end, long promised, bool takesUnheard, bool leads)
    {
        GroupMember member = Started(end, Held, takesUnheard ? new TakesUnheard() : new GroupRules(), promised);

        Wait(member, TimeSpan.FromSeconds(5));
        (Written() > 0).Should().Be(takesUnheard);
        Wait(member, TimeSpan.FromSeconds(3));

        (Written() > 0).Should().Be(leads);
        _host.Received(promised < 4 ? 1 : 0).Report(MemberEvent.MayNotLead, Arg.Is<string>(static text => text.Contains("has promised no more than epoch 3")));
        member.Describe().Copy.Incarnation.Should().Be("a1");
    }

    /// <summary>Written by a version that did not say what is confirmed: as it was then.</summary>
    [Fact]
    public void Tick_TheLeaseDoesNotSayWhatIsConfirmed_LeadsWhenTheTermIsOver()
    {
        GroupMember member = Started(end: 60, Held with { Confirmed = null }, new GroupRules());

        Wait(member, TimeSpan.FromSeconds(8));

        _host.Received().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Epoch == 5 && lease.Confirmed == null), Arg.Any<string>());
    }

    [Fact]
    public void OnAnswer_OfTheNextMaster_TakesAlongWhatIsKnownToBeConfirmed()
    {
        _host.Confirmed.Returns(new LogEnd(4, 90));
        GroupMember member = Started(end: 100, Held with { Holder = string.Empty, Confirmed = new ConfirmedLog(3, 4, 60) }, new GroupRules());

        // What c knows is of before the group began anew in epoch 3.
        member.OnAnswer(1, Answer(Follower, Had) with { Confirmed = new LogEnd(4, 95) });
        member.OnAnswer(1, Answer(Third, Had) with { Confirmed = new LogEnd(2, 500) });

        _host.Received(1).WriteLease(2, Arg.Is<LeaseRecord>(static lease => lease.Epoch == 5 && lease.Confirmed == new ConfirmedLog(3, 4, 95)), "1");
    }

    [Fact]
    public void Tick_ARenewalIsDue_TellsTheLeaseWhatIsConfirmed()
    {
        GroupMember master = Master(new GroupRules());
        master.OnAcknowledged(Follower, 5, 80);

        Pass(master, Options.Lease.Renew * 2);

        _host.Received().WriteLease(Arg.Any<long>(), Arg.Is<LeaseRecord>(static lease => lease.Holder == "a" && lease.Confirmed == new ConfirmedLog(5, 4, 100)), Arg.Any<string>());
    }

    /// <summary>A copy that comes back lets nothing be confirmed for a moment: what was is still true.</summary>
    [Fact]
    public void Tick_LessIsConfirmedThanTheLeaseSays_TheLeaseGoesOnToSayIt()
    {
        GroupMember master = Master(new GroupRules());
        Pass(master, Options.Lease.Renew * 2);
        LeaseRecord knows = master.Lease! with { Confirmed = new ConfirmedLog(2, 4, 500) };
        master.OnLeaseMayHaveChanged();
        master.OnLeaseWatched(new VersionedLease(knows with { HandOverTo = "c" }, "99"));
        master.OnLeaseRead(Requests(nameof(IMemberHost.ReadLease)), new VersionedLease(knows with { HandOverTo = "c" }, "99"));
        AnswerWrites(master);

        master.Lease!.Confirmed.Should().Be(new ConfirmedLog(2, 4, 500));
    }

    /// <summary>A copy in sync that joins knows of more: this master was put back, and was not heard when it took the lease.</summary>
    [Theory]
    [InlineData(4, 100, true, false)]
    [InlineData(4, 120, true, true)]
    [InlineData(3, 90, true, false)]
    [InlineData(4, 120, false, false)]
    [InlineData(1, 120, true, false)]
    public void GivesWayTo_ACopyThatWantsToFollow_WhenItKnowsOfMore(long epoch, long offset, bool isInSync, bool gives)
    {
        GroupMember master = Master(new GroupRules());
        LeaseRecord knows = master.Lease! with { Confirmed = new ConfirmedLog(2, 4, 60), HandOverTo = "c" };
        master.OnLeaseWatched(new VersionedLease(knows, "99"));
        master.OnLeaseRead(Requests(nameof(IMemberHost.ReadLease)), new VersionedLease(knows, "99"));
        AnswerWrites(master);

        master.GivesWayTo(isInSync ? Follower : Third, new LogEnd(epoch, offset)).Should().Be(gives);

        master.HeldEpoch.Should().Be(gives ? null : 5);
        master.Describe().Copy.Incarnation.Should().Be(gives ? "a2" : "a1");
    }

    [Fact]
    public void GivesWayTo_ACopyOfAVersionThatDoesNotSayWhatItKnows_IsFalse() => Master(new GroupRules()).GivesWayTo(Follower, null).Should().BeFalse();

    /// <summary>This log ends at 120 and is confirmed up to 100; the new master's parts from it at 60.</summary>
    [Theory]
    [InlineData(2L, 100, false, true)]
    [InlineData(2L, 100, true, false)]
    [InlineData(2L, 60, false, false)]
    [InlineData(5L, 100, false, false)]
    [InlineData(null, 100, false, false)]
    public void PlanJoin_TheMasterLacksWhatIsConfirmed_CutsNothing(long? since, long confirmed, bool cutsAnything, bool refuses)
    {
        _host.Confirmed.Returns(new LogEnd(4, confirmed));
        GroupMember member = new(Options, new MemberState("group", "a1", 5, 5), _host, _time, cutsAnything ? new CutsAnything() : new GroupRules());
        LogExtent own = new(EpochHistory.Of(new EpochEntry(4, 0)), 0, 120);
        LogExtent master = new(EpochHistory.Of(new EpochEntry(4, 0), new EpochEntry(5, 60)), 0, 70);

        JoinPlan plan = member.PlanJoin(own, master, Lease with { Holder = "b", Epoch = 5, Confirmed = since is { } epoch ? new ConfirmedLog(epoch, 4, 60) : null });

        plan.At.Should().Be(60);
        plan.Cuts.Should().BeTrue();
        (plan.Refusal is not null).Should().Be(refuses);
        if (refuses)
        {
            plan.Refusal.Should().Contain("the log of b, which leads in epoch 5, ends at 70").And.Contain("the log of a ends at 120").And.Contain("up to 100 (epoch 4)").And.Contain("stop b");
        }
    }

    /// <summary>
    /// The master that is followed has taken this copy for in sync: one that has less than was confirmed then is another.
    /// </summary>
    [Theory]
    [InlineData(100, "a1", false)]
    [InlineData(60, "a1", true)]
    [InlineData(60, "a0", false)]
    public void TryGoBack_BeforeItFollows_WhenItLacksWhatItHad(long end, string listed, bool isBack)
    {
        _host.LogEnd.Returns(new LogEnd(4, end));
        GroupMember member = new(Options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());

        member.TryGoBack(Held with { Holder = "b", InSync = [new MemberCopy("a", listed), Follower] }).Should().Be(isBack);

        member.Describe().Copy.Incarnation.Should().Be(isBack ? "a2" : "a1");
    }

    private static MemberAnswer Answer(MemberCopy copy, LogEnd end) => new("group", copy, end, 4, false) { Seen = 4 };

    /// <summary>Has found that lease, and has asked b and c what they have.</summary>
    private GroupMember Started(long end, LeaseRecord lease, GroupRules rules, long promised = 4)
    {
        _host.LogEnd.Returns(new LogEnd(4, end));
        _host.AppendedEnd.Returns(end);
        GroupOptions options = Options with { Members = ["a", "b", "c"] };
        GroupMember member = new(options, new MemberState("group", "a1", promised, promised), _host, _time, rules);
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(lease with { InSync = [new MemberCopy("a", "a1"), Follower, Third] }, "1"));
        return member;
    }

    private void Wait(GroupMember member, TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            long before = Requests(nameof(IMemberHost.ReadLease));
            _time.Advance(Look);
            member.Tick();
            if (Requests(nameof(IMemberHost.ReadLease)) is var read && read != before)
            {
                member.OnLeaseRead(read, new VersionedLease(member.Lease!, "1"));
            }
        }
    }

    private sealed class BelievesItself : GroupRules
    {
        public override bool HasConfirmed(LogEnd own, LogEnd confirmed) => true;
    }

    private sealed class TakesUnheard : GroupRules
    {
        public override bool MayTakeBack(bool anyInSyncAnswered) => true;
    }

    private sealed class CutsAnything : GroupRules
    {
        public override bool MayCut(long at, long confirmed) => true;
    }
}
