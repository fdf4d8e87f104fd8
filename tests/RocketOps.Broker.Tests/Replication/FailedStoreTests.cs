using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Tests.Failover;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Leases;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>A member whose disk fails: what it acknowledged before is nothing to count on any more.</summary>
public sealed class FailedStoreTests
{
    private static readonly string[] Two = ["a", "b"];

    /// <summary>So much is made durable soon. Both members have it, and one of them cannot.</summary>
    private static readonly string Large = new('x', 40_000);

    /// <summary>Its connection stays and it lacks nothing, as far as anybody can see: only it knows.</summary>
    [Fact]
    public async Task Follower_WhoseLogFails_LeavesAndComesBackAsAnotherCopy()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        string follower = members.NameOf(members.Running.Single(static broker => !ElectedMembers.MemberOf(broker).Standing.Leads));
        string master = Two.Single(name => name != follower);
        await members.StopAsync(follower);
        await members.InSyncAsync(master);
        FailingLog disk = new();
        await members.StartAsync(follower, disk);
        await members.InSyncAsync(Two);
        MemberCopy before = CopyOf(await members.LeaseAsync());

        disk.Begin();
        await members.SendAsync(Large);
        await members.InSyncAsync(master);

        DateTimeOffset renewed = (await members.LeaseAsync()).RenewTime;
        await Eventually.TrueAsync(async () => (await members.LeaseAsync()).RenewTime > renewed, "the master has looked at its followers");
        await members.InSyncAsync(master);
        ElectedMembers.MemberOf(members[follower]).Standing.HasFailed.Should().BeTrue();
        await members.SendAsync("nobody waits for it");
        await members.StopAsync(follower);
        (await File.ReadAllTextAsync(Path.Combine(members.StoreOf(follower), MemberFiles.RunName))).Should().Contain("failed");

        await members.StartAsync(follower);
        await members.InSyncAsync(Two);
        CopyOf(await members.LeaseAsync()).Should().NotBe(before, "nothing that was said of the one before counts for it");

        MemberCopy CopyOf(LeaseRecord lease) => lease.InSync.Single(copy => copy.Member == follower);
    }

    [Fact]
    public async Task Master_WhoseLogFails_FollowsNobodyUntilItIsStartedAgain()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        string failing = members.NameOf(members.Running.Single(static broker => !ElectedMembers.MemberOf(broker).Standing.Leads));
        string other = Two.Single(name => name != failing);
        await members.StopAsync(failing);
        await members.InSyncAsync(other);
        FailingLog disk = new();
        await members.StartAsync(failing, disk);
        await members.InSyncAsync(Two);
        (await ElectedMembers.MemberOf(members[other]).HandOverAsync(failing, leaves: false, CancellationToken.None)).Should().BeTrue();
        await members.UntilAsync(() => ElectedMembers.MemberOf(members[failing]).Standing.TakesMessages, "it leads");
        await members.InSyncAsync(Two);

        disk.Begin();
        await members.SendAsync(Large);
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[failing]).Standing.HasFailed, "its log fails");
        await members.EndLeaseAsync(failing);

        await members.UntilAsync(() => ElectedMembers.MemberOf(members[other]).Standing.TakesMessages, "the other one leads");
        await Eventually.TrueAsync(
            () => members.LogOf(failing).Lines.Any(static line => line.Id == 3633 && line.Text.Contains("follows nobody until this broker is started again", StringComparison.Ordinal)), "it says why it does not follow");
        (await members[failing].FollowingAsync()).Should().Be(("false", LogFollower.StoreFailed));
        (await members[failing].RefusalAsync()).Should().Be(((string?)null, (string?)null), "it refuses as a slave");
    }
}
