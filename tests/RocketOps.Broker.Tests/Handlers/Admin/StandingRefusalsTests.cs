using RocketOps.Broker.Tests.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Handlers.Admin;

/// <summary>A master that takes no messages says why to who asks for its figures, and no longer than it is so. Of members of elected groups see <see cref="RocketOps.Broker.Tests.Failover.MemberFiguresTests"/>.</summary>
public sealed class StandingRefusalsTests
{
    private const long MiB = 1024 * 1024;
    private const string NotWritable = "brokerPermission is 4, which lets nobody write: set it to 6";

    private static readonly (string?, string?) Nothing = (null, null);

    [Fact]
    public async Task Permission_LetsNobodyWrite_IsToldUntilItDoes()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        (await broker.RefusalAsync()).Should().Be(Nothing);

        await broker.ConfigureAsync("brokerPermission", "4");
        (await broker.RefusalAsync()).Should().Be(("PERMISSION", NotWritable));

        await broker.ConfigureAsync("brokerPermission", "6");
        (await broker.RefusalAsync()).Should().Be(Nothing);
    }

    [Fact]
    public async Task Copies_FewerThanTheMinimum_IsToldUntilTheSlaveIsBack()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync(master: new(StringComparer.Ordinal) { ["brokerRole"] = "SYNC_MASTER", ["minInSyncReplicas"] = "2" });
        await group.ConnectedAsync();
        (await group.Master.RefusalAsync()).Should().Be(Nothing);

        await group.StopSlaveAsync();
        await Eventually.TrueAsync(() => group.Master.Host.Modules.Replication.Slaves.CountInSync() == 0, "the master has noticed");
        (await group.Master.RefusalAsync()).Should().Be(("COPIES", "fewer copies are in sync than minInSyncReplicas asks for, which is 2: see why the others do not follow"));

        await group.StartSlaveAsync();
        await group.ConnectedAsync();
        (await group.Master.RefusalAsync()).Should().Be(Nothing);
    }

    [Fact]
    public async Task Store_CannotBeWritten_IsToldUntilTheBrokerIsStartedAgain()
    {
        using TempDirectory directory = new("failed-");
        FailingLog disk = new();
        await using (TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["flushDiskType"] = "SYNC_FLUSH" }, directory, fileSystem: disk))
        {
            await broker.SendAsync("T", "one");
            (await broker.RefusalAsync()).Should().Be(Nothing);

            disk.Begin();
            (await broker.InvokeAsync(Requests.Send("T", "two"))).Code.Should().Be(ResponseCode.ServiceNotAvailable);

            (await broker.RefusalAsync()).Should().Be(
                ("STORE", "the store cannot be written (NotWriteable): writing to its disk failed or it was made read-only, and it stays so until this broker is started again"));
        }

        await using TestBroker again = await TestBroker.StartAsync(directory: directory);
        (await again.RefusalAsync()).Should().Be(Nothing);
    }

    [Fact]
    public async Task Several_TheFirstInOrder_AndTheNextOnceThatIsOver()
    {
        ReportedDisk disk = new() { Space = new DiskSpace(2000 * MiB, MiB, MiB) };
        await using TestBroker broker = await TestBroker.StartAsync(
            new(StringComparer.Ordinal) { ["brokerRole"] = "SYNC_MASTER", ["minInSyncReplicas"] = "2", ["brokerPermission"] = "4" }, fileSystem: disk);
        await Eventually.TrueAsync(async () => await broker.RefusalAsync() == ("DISK", "the disk is full: no room for the next part of the log"), "it has looked at the disk");

        disk.Space = new DiskSpace(2000 * MiB, 1000 * MiB, 1000 * MiB);
        await Eventually.TrueAsync(async () => (await broker.RefusalAsync()).By == "COPIES", "there is room again");

        await broker.ConfigureAsync("minInSyncReplicas", "1");
        (await broker.RefusalAsync()).Should().Be(("PERMISSION", NotWritable));
    }

    [Fact]
    public async Task Slave_RefusesByItsRole_TellsNothing()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: new(StringComparer.Ordinal) { ["brokerPermission"] = "4" });

        (await group.Slave.RefusalAsync()).Should().Be(Nothing);
        (await group.Master.FollowingAsync()).Should().Be(Nothing, "a master follows nobody");
    }
}
