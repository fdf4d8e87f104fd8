using NSubstitute;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Election.Tests.Members;

namespace RocketOps.Election.Tests.Leadership;

/// <summary>A member whose disk hangs, which fails nothing.</summary>
public sealed class HangWatchTests : MemberTest
{
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

    /// <summary>Some other member's epoch has begun since, so the lease is not passed on among members that are all slow: what this one could not do once says nothing of its next disk that hangs.</summary>
    [Fact]
    public void Tick_AnotherMemberHasServedSince_TheNextEpochHasNoMoreTimeThanTheFirst()
    {
        GroupMember member = Winner(minInSync: 1);
        Pass(member, Options.HangTime + Look);
        member.LeadingEpoch.Should().BeNull();

        _host.MasterSilence.Returns(Options.Lease.Renew);
        member.Tick();
        _host.MasterSilence.Returns(TimeSpan.MaxValue);
        LeadsAgain(member, 6);
        Pass(member, Options.HangTime - Look);
        member.LeadingEpoch.Should().Be(6);
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
}
