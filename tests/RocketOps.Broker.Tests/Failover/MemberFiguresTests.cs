using RocketOps.Broker.Failover;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Epochs;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>What members of a group that elects its master tell of themselves: whether they follow, and why they take no messages while they have the lease.</summary>
public sealed class MemberFiguresTests
{
    private static readonly string[] Two = ["a", "b"];
    private static readonly (string?, string?) Nothing = (null, null);
    private static readonly (string?, string?) Follows = ("true", null);

    [Fact]
    public async Task Follower_FollowsAndTheMasterFollowsNobody_AlsoAfterAHandOver()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        string first = members.NameOf(await members.MasterAsync());
        string next = Other(first);
        (await members[first].FollowingAsync()).Should().Be(Nothing);
        (await members[next].FollowingAsync()).Should().Be(Follows);
        (await members[next].RefusalAsync()).Should().Be(Nothing, "it refuses by its role");

        (await ElectedMembers.MemberOf(members[first]).HandOverAsync(next, leaves: false, CancellationToken.None)).Should().BeTrue();
        await members.UntilAsync(() => ElectedMembers.MemberOf(members[next]).Standing.TakesMessages, "the other one leads");
        await members.InSyncAsync(Two);

        (await members[next].FollowingAsync()).Should().Be(Nothing);
        (await members[next].RefusalAsync()).Should().Be(Nothing);
        (await members[first].FollowingAsync()).Should().Be(Follows);
    }

    [Fact]
    public async Task Master_ThatLacksCopies_TellsItOnceSendsAreRefusedAndUntilTheyAreBack()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        TestBroker master = await members.MasterAsync();
        string follower = Other(members.NameOf(master));
        (await master.RefusalAsync()).Should().Be(Nothing);

        using (members.Time.Hold())
        {
            await members.KillAsync(follower);
            await Eventually.TrueAsync(() => ElectedMembers.MemberOf(master).Standing.IsShortOfCopies, "the only copy is gone");
            (await master.RefusalAsync()).Should().Be(Nothing, "what is sent waits for it");
        }

        members.Time.Pass(MasterForwarder.SendPatience);
        await Eventually.TrueAsync(async () => (await master.RefusalAsync()).By is not null, "sends are refused");
        (await master.RefusalAsync()).Should().Be(("COPIES", "fewer copies are in sync than minInSyncReplicas asks for, which is 2: see why the others do not follow"));

        await members.StartAsync(follower);
        await Eventually.TrueAsync(async () => await master.RefusalAsync() == Nothing, "the copy is back");
    }

    [Fact]
    public async Task Member_WhoseEpochDoesNotBegin_TellsThatItDoesNotLeadUntilItDoes()
    {
        GatedFileSystem disk = new(new LinuxFileSystem());
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        using Gate gate = new();
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        string killed = members.NameOf(await members.MasterAsync());
        string next = Other(killed);
        await members.StopAsync(next);
        await members.InSyncAsync(killed);
        await members.StartAsync(next, disk);
        await members.InSyncAsync(Two);
        disk.Before = (_, path) =>
        {
            if (path.Contains(EpochFile.Name, StringComparison.Ordinal))
            {
                gate.Pass();
            }
        };

        await members.KillAsync(killed);
        await members.UntilAsync(() => gate.Reached.IsCompleted, "it has won the lease and begins its epoch");
        members.Time.Pass(MasterForwarder.SendPatience);

        await Eventually.TrueAsync(async () => (await members[next].RefusalAsync()).By is not null, "what is sent waits no longer");
        (await members[next].RefusalAsync()).Should().Be(
            ("NOT_LEADING", "this member has the lease of its group and does not lead yet: its epoch has not begun, as its disk is slow or hangs"));
        (await members[next].FollowingAsync()).Should().Be(Nothing, "who has the lease follows nobody");
        gate.Open();
        await members.UntilAsync(() => ElectedMembers.MemberOf(members[next]).Standing.TakesMessages, "it leads");
        (await members[next].RefusalAsync()).Should().Be(Nothing);
    }

    [Fact]
    public async Task Follower_WhoseMasterIsGone_NamesItUntilItFollowsAgain()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"), ("haHousekeepingInterval", "60000"));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        string killed = members.NameOf(await members.MasterAsync());
        TestBroker follower = members[Other(killed)];
        string master = $"{killed} at {members[killed].Address}";

        await members.KillAsync(killed);
        await Eventually.TrueAsync(() => follower.Host.Modules.Roles.Roles.SlaveSession is not { Follower.Connected.Length: > 0 }, "it has lost its master");
        members.Time.Pass(TimeSpan.FromMinutes(1));

        (string? follows, string? whyNot) = await follower.FollowingAsync();
        follows.Should().Be("false");
        whyNot.Should().StartWith($"replication from {master} is interrupted: ");
        await members.StartAsync(killed);
        await Eventually.TrueAsync(async () => await follower.FollowingAsync() == Follows, "it follows again");
    }

    private static string Other(string name) => Two.Single(other => other != name);
}
