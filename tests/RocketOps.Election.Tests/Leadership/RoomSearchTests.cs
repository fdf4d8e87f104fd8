using NSubstitute;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Election.Tests.Members;

namespace RocketOps.Election.Tests.Leadership;

/// <summary>Member a leads, and its disk is full; b and c follow.</summary>
public sealed class RoomSearchTests : MemberTest
{
    private static readonly MemberCopy Third = new("c", "c1");

    [Fact]
    public void Tick_DiskIsFull_HandsOverToTheCopyInSyncThatHasRoom()
    {
        GroupMember master = Full();

        PassAnswering(master, TimeSpan.FromSeconds(3), Answer(Follower, hasRoom: true), Answer(Third, hasRoom: true));

        Released().Should().ContainSingle().Which.Successor.Should().Be("b");
        _host.Received().PauseWrites();
        _host.Received().Report(MemberEvent.HandedOver, Arg.Is<string>(static text => text.Contains("handed over to b, which has room")));
    }

    /// <summary>Retention makes room now and then.</summary>
    [Fact]
    public void Tick_ThereIsRoomAgainWithinARenewal_AsksNobody()
    {
        GroupMember master = Full();

        Pass(master, Options.Lease.Renew - Look);
        _host.HasRoom.Returns(true);
        Pass(master, Options.Lease.Duration);

        _host.Received(1).AskMembers(1);
        _host.ReceivedCalls().Count(static call => call.GetMethodInfo().Name == nameof(IMemberHost.AskMembers)).Should().Be(1, "that was before it led");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(null)]
    public void Tick_TheOtherCopyHasNoRoomOrDoesNotSay_LeadsOn(bool? hasRoom)
    {
        GroupMember master = Full();

        PassAnswering(master, TimeSpan.FromSeconds(10), Answer(Follower, hasRoom));

        Released().Should().BeEmpty();
        master.LeadingEpoch.Should().Be(5);
        _host.Received(1).Report(MemberEvent.HandOverFailed, Arg.Is<string>(static text => text.Contains("stays the master")));
    }

    /// <summary>With two copies to acknowledge, the successor could not go on either.</summary>
    [Fact]
    public void Tick_OnlyOneOtherMemberHasRoom_LeadsOn()
    {
        GroupMember master = Full();

        PassAnswering(master, TimeSpan.FromSeconds(10), Answer(Follower, hasRoom: true), Answer(Third, hasRoom: false));

        Released().Should().BeEmpty();
    }

    [Fact]
    public void Tick_OnlyACopyThatIsNotInSyncHasRoom_LeadsOn()
    {
        GroupMember master = Full(minInSync: 1);

        PassAnswering(master, TimeSpan.FromSeconds(10), Answer(Third, hasRoom: true));

        Released().Should().BeEmpty();
    }

    /// <summary>The successor does not wait for a copy that may have no room for what comes.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Tick_HandsOver_LeavesTheCopiesInSyncAsFarAsTheMinimumLetsIt(int minInSync, bool stays)
    {
        GroupMember master = Full(minInSync);

        PassAnswering(master, TimeSpan.FromSeconds(3), Answer(Follower, hasRoom: true), Answer(Third, hasRoom: true));

        Released().Should().ContainSingle().Which.InSync.Any(static copy => copy.Member == "a").Should().Be(stays);
    }

    private static MemberAnswer Answer(MemberCopy copy, bool? hasRoom) => new("group", copy, new LogEnd(5, 100), 5, false) { Seen = 5, HasRoom = hasRoom, HearsMaster = true };

    private GroupMember Full(int minInSync = 2)
    {
        GroupMember master = Master(new GroupRules(), minInSync: minInSync, members: 3);
        master.OnAcknowledged(Follower, epoch: 5, offset: 100);
        _host.HasRoom.Returns(false);
        return master;
    }

    private LeaseRecord[] Released() =>
        [.. _host.ReceivedCalls().Where(static call => call.GetMethodInfo().Name == nameof(IMemberHost.WriteLease)).Select(static call => (LeaseRecord)call.GetArguments()[1]!).Where(static lease => lease.Holder.Length == 0)];

    private void PassAnswering(GroupMember master, TimeSpan time, params MemberAnswer[] answers)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            Pass(master, Look);
            foreach (MemberAnswer answer in answers)
            {
                master.OnAnswer(Requests(nameof(IMemberHost.AskMembers)), answer);
            }
        }
    }
}
