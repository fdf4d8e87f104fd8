using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Leases;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>A master tells its followers that it serves, for as long as it does: they leave the lease to it.</summary>
public sealed class ServingWordTests
{
    private const int SignOfLife = 0;

    [Fact]
    public async Task Follower_OfAMasterThatServes_HearsItWithoutAnyMessage()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(["a", "b"]);
        TestBroker master = await members.MasterAsync();
        FailoverMember follower = ElectedMembers.MemberOf(members.Running.Single(broker => broker != master));
        await Eventually.TrueAsync(() => follower.MasterSilence < TimeSpan.MaxValue, "the follower hears that its master serves");

        members.Time.Pass(ElectedMembers.Duration / 8);

        await Eventually.TrueAsync(() => follower.MasterSilence < ElectedMembers.Duration / 8, "and hears it again, although nothing is sent");
        ElectedMembers.MemberOf(master).MasterSilence.Should().Be(TimeSpan.MaxValue, "who leads follows nobody");
    }

    /// <summary>In async mode it refuses while its lease store does not answer, and holds on to what it has as its copies follow.</summary>
    [Fact]
    public async Task Master_ThatHasNoLeaseAndRefuses_SendsSignsOfLifeAndNoWordUntilItServesAgain()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(["a", "b"], ("replicationMode", "Async"));
        await members.SendAsync("before");
        await members.StopAsync(members.NameOf(members.Running.First(static broker => !ElectedMembers.MemberOf(broker).Standing.Leads)));
        TestBroker master = await members.MasterAsync();
        string other = members.NameOf(master) == "a" ? "b" : "a";
        await using FakeFollower follower = new(master, other, FakeFollower.GroupOf(master), FakeFollower.KeyOf(members, other));
        LeaseRecord lease = await members.LeaseAsync();
        (await follower.JoinAsync(lease)).Code.Should().Be(ResponseCode.Success);
        await follower.ConnectAsync(master.Host.Modules.Host.Store.Positions.Appended.Value);
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(master).Standing.Lease!.InSync.Contains(follower.Copy), "the copy is in sync");
        for (int words = 0; words < 3; words += await follower.ReadFrameAsync() == HaFrames.ReplicatedMark ? 1 : 0)
        {
            // Nothing is sent meanwhile.
        }

        await using FakeFollower again = new(master, other, FakeFollower.GroupOf(master), FakeFollower.KeyOf(members, other));
        DirectoryInfo held = await members.HoldTurnAsync();
        try
        {
            for (int i = 0; i < 12; i++)
            {
                members.Time.Pass(ElectedMembers.Duration / 8);
                await follower.AcknowledgeAsync();

                // Its word is heard meanwhile, or one of the next seven.
                await follower.ReadFrameAsync();
            }

            await Eventually.TrueAsync(() => !ElectedMembers.MemberOf(master).Standing.Leads, "the master refuses");
            while (await follower.ReadFrameAsync() != SignOfLife)
            {
                // Words from before.
            }

            for (int i = 0; i < 5; i++)
            {
                (await follower.ReadFrameAsync()).Should().Be(SignOfLife);
            }

            ElectedMembers.MemberOf(master).Standing.HeldEpoch.Should().Be(lease.Epoch);
            (await again.JoinAsync(lease)).Code.Should().Be(ResponseCode.Success, "who loses its connection comes back");
            await again.ConnectAsync(master.Host.Modules.Host.Store.Positions.Appended.Value);
            (await again.ReadFrameAsync()).Should().Be(SignOfLife);
        }
        finally
        {
            held.Delete();
        }

        while (await again.ReadFrameAsync() != HaFrames.ReplicatedMark)
        {
            // Until its lease is renewed.
        }

        (await members.LeaseAsync()).Epoch.Should().Be(lease.Epoch, "nobody has taken the lease");
    }
}
