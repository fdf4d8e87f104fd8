using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Leases;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>A group whose master's disk is full goes on with a copy that has room.</summary>
public sealed class FullDiskHandOverTests
{
    private const long MiB = 1024 * 1024;

    private static readonly string[] Three = ["a", "b", "c"];

    [Fact]
    public async Task Disk_OfTheMasterIsFull_ACopyThatHasRoomLeadsAndNothingIsLost()
    {
        Dictionary<string, ReportedDisk> disks = Three.ToDictionary(static name => name, static _ => new ReportedDisk { Space = Free(1000) }, StringComparer.Ordinal);
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "2"), ("diskSpaceWarningLevelRatio", "90"), ("handOverTimeoutMillis", "5000"));
        await members.SendAsync("before");
        await members.InSyncAsync(Three);
        await members.MoveAsync(disks.Select(static disk => (disk.Key, disk.Value)));
        string full = members.NameOf(await members.MasterAsync());
        LeaseRecord before = await members.LeaseAsync();

        disks[full].Space = Free(50);

        await Eventually.TrueAsync(() => Three.Any(name => name != full && ElectedMembers.MemberOf(members[name]).Standing.TakesMessages), "a copy that has room leads");
        members.LogOf(full).Lines.Should().Contain(static line => line.Id == 3656 && line.Text.Contains("which has room, as the disk of this member is full"));
        (await members.LeaseAsync()).Epoch.Should().Be(before.Epoch + 1);
        await members.SendAsync("after");
        (await members.LeaseAsync()).InSync.Should().NotContain(copy => copy.Member == full, "it takes nothing, and would be waited for");
        disks[full].Space = Free(1000);
        await members.InSyncAsync(Three);
        await members.SameLogsAsync();
        (await members.ReadAsync(await members.MasterAsync())).Should().Equal("before", "after");
        Directory.Exists(Path.Combine(members.StoreOf(full), "diverged")).Should().BeFalse("nothing was cut off");
    }

    /// <summary>Each looks at its disk at times of its own, so the lease may pass to one that has not looked yet.</summary>
    [Fact]
    public async Task Disk_OfEveryMemberIsFull_OneOfThemStaysTheMasterAndTakesMessagesAgain()
    {
        ReportedDisk shared = new() { Space = Free(1000) };
        await using ElectedMembers members = await ElectedMembers.StartAsync(Three, ("minInSyncReplicas", "2"), ("diskSpaceWarningLevelRatio", "90"), ("handOverTimeoutMillis", "5000"));
        await members.SendAsync("before");
        await members.InSyncAsync(Three);
        await members.MoveAsync(Three.Select(name => (name, shared)));

        shared.Space = Free(50);
        await Eventually.TrueAsync(
            () => Three.Any(name => members.LogOf(name).Lines.Any(static line => line.Id == 3657 && line.Text.Contains("too few other copies answer that they have room"))),
            "a master has found no other copy with room");
        shared.Space = Free(1000);

        await members.SendAsync("after");
        await members.InSyncAsync(Three);
        await members.SameLogsAsync();
        (await members.ReadAsync(await members.MasterAsync())).Should().Equal("before", "after");
    }

    private static DiskSpace Free(long freeMiB) => new(2000 * MiB, freeMiB * MiB, freeMiB * MiB);
}
