using RocketOps.Broker.Tests.Support;
using RocketOps.Store.Files;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>A slave with a fixed role says whether it follows, why not, and that it does again. Of members of elected groups see <see cref="RocketOps.Broker.Tests.Failover.MemberFiguresTests"/>.</summary>
public sealed class FollowingFiguresTests
{
    /// <summary>No machine is so busy that a loss lasts for it before the test has let it pass.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromHours(1);

    private static readonly (string?, string?) Follows = ("true", null);

    private static Dictionary<string, string> Patient => new(StringComparer.Ordinal) { ["haHousekeepingInterval"] = "3600000" };

    [Fact]
    public async Task MasterIsAway_ForLongerThanItMayBeSilent_IsToldUntilItIsBack()
    {
        MovedTime time = new();
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: Patient, time: time);
        await group.ConnectedAsync();
        (await group.Slave.FollowingAsync()).Should().Be(Follows);
        string master = $"127.0.0.1:{group.Master.Host.Modules.Replication.Listener.Port}";

        await group.StopMasterAsync();
        await LostAsync(group);
        (await group.Slave.FollowingAsync()).Should().Be(Follows, "a connection that has ended is made again in a moment");

        time.Pass(Silence);
        (string? follows, string? whyNot) = await group.Slave.FollowingAsync();
        follows.Should().Be("false");
        whyNot.Should().StartWith($"replication from {master} is interrupted: ").And.EndWith("; tried again");

        await group.StartMasterAsync();
        await FollowsAsync(group);
    }

    [Fact]
    public async Task Store_OfAnotherLog_IsToldAtOnceUntilItIsMovedAway()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        await ReplicationTests.SendAsync(group, "T", 20);
        await group.InSyncAsync();
        await group.StopSlaveAsync();
        await group.LeadSlaveForAWhileAsync("body-00000");
        await ReplicationTests.SendAsync(group, "T", 20);

        await group.StartSlaveAsync(Patient);
        await Eventually.TrueAsync(async () => (await group.Slave.FollowingAsync()).Follows == "false", "the slave says that it does not follow");
        (await group.Slave.FollowingAsync()).WhyNot.Should().MatchRegex(
            @"^this slave does not follow 127\.0\.0\.1:\d+: this store is no copy of the master's log: the master has another record at offset \d+; .* the master has \d+ bytes more\. .* and start the slave empty$");

        await group.StopSlaveAsync();
        group.MoveSlaveStoreAway();
        await group.StartSlaveAsync(Patient);
        await FollowsAsync(group);
    }

    /// <summary>Without a name server there is only the replication port, where a master says nothing to a slave that it refuses.</summary>
    [Fact]
    public async Task Store_EndsBehindTheMasters_IsToldOnceItLasts()
    {
        MovedTime time = new();
        await using BrokerGroup group = await BrokerGroup.StartAsync(time: time);
        await group.Master.CreateTopicAsync("T");
        await ReplicationTests.SendAsync(group, "T", 5);
        await group.InSyncAsync();
        await group.StopSlaveAsync();
        await group.LeadSlaveForAWhileAsync("body-00000");
        string master = $"127.0.0.1:{group.Master.Host.Modules.Replication.Listener.Port}";

        await group.StartSlaveAsync(new(Patient, StringComparer.Ordinal) { ["namesrvAddr"] = string.Empty, ["haMasterAddress"] = master });
        await Eventually.TrueAsync(() => group.SlaveLog.Lines.Any(static line => line.Id == 3632), "the master has closed a connection");
        time.Pass(Silence);

        (string? follows, string? whyNot) = await group.Slave.FollowingAsync();
        follows.Should().Be("false");
        whyNot.Should().StartWith($"replication from {master} is interrupted: ");
    }

    [Fact]
    public async Task Master_IsNotKnown_SaysWhereItIsLookedFor()
    {
        MovedTime time = new();
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: new(Patient, StringComparer.Ordinal) { ["namesrvAddr"] = string.Empty }, time: time);
        (await group.Slave.FollowingAsync()).Should().Be(Follows, "it has only just been started");

        time.Pass(Silence);
        (await group.Slave.FollowingAsync()).Should().Be(
            ("false", "this slave follows nobody: no name server of namesrvAddr tells where its master is, and haMasterAddress does not either"));
    }

    [Fact]
    public async Task Disk_OfTheSlaveIsFull_IsToldAtOnceUntilThereIsRoom()
    {
        ReportedDisk disk = new() { Space = new DiskSpace(1L << 30, 1L << 30, 1L << 30) };
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.StopSlaveAsync();
        await group.StartSlaveAsync(Patient, disk);
        await group.ConnectedAsync();
        await group.Master.CreateTopicAsync("T");

        disk.Space = new DiskSpace(1L << 30, 0, 0);
        string large = new('x', 20_000);
        await Eventually.TrueAsync(
            async () =>
            {
                await group.Master.SendAsync("T", large);
                return (await group.Slave.FollowingAsync()).Follows == "false";
            },
            "the slave has no room any more");
        (await group.Slave.FollowingAsync()).WhyNot.Should().MatchRegex(@"^this slave does not follow 127\.0\.0\.1:\d+: its disk is full; it goes on when there is room$");

        disk.Space = new DiskSpace(1L << 30, 1L << 30, 1L << 30);
        await FollowsAsync(group);
        await group.InSyncAsync();
    }

    [Fact]
    public async Task Log_OfTheSlaveFails_IsToldUntilItIsStartedAgain()
    {
        FailingLog disk = new();
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.StopSlaveAsync();
        await group.StartSlaveAsync(new(Patient, StringComparer.Ordinal) { ["flushDiskType"] = "SYNC_FLUSH" }, disk);
        await group.ConnectedAsync();
        await group.Master.CreateTopicAsync("T");

        disk.Begin();
        await group.Master.SendAsync("T", "lost");
        await Eventually.TrueAsync(async () => (await group.Slave.FollowingAsync()).Follows == "false", "the slave says that it does not follow");
        (await group.Slave.FollowingAsync()).WhyNot.Should().EndWith("it follows nobody until this broker is started again");

        await group.StopSlaveAsync();
        await group.StartSlaveAsync(Patient);
        await FollowsAsync(group);
    }

    private static Task LostAsync(BrokerGroup group) => Eventually.TrueAsync(() => group.Slave.Host.Modules.Roles.Roles.SlaveSession!.Follower.Connected.Length == 0, "the slave has lost its master");

    private static async Task FollowsAsync(BrokerGroup group)
    {
        await group.ConnectedAsync();
        await Eventually.TrueAsync(async () => await group.Slave.FollowingAsync() == Follows, "the slave says that it follows");
    }
}
