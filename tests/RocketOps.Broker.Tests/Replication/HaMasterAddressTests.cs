using System.Globalization;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>haMasterAddress of a slave names the master of another group by mistake, and name servers are configured.</summary>
public sealed class HaMasterAddressTests
{
    private const int NotFollowing = 3633;
    private const int Interrupted = 3632;

    [Fact]
    public async Task EmptySlave_AddressOfAnotherGroupsMaster_TakesNothingAndNamesTheGroup()
    {
        int port = LoopbackPorts.Find(-2, 0, 1);
        await using TestBroker other = await OtherAsync(port);
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: At(other));

        await Eventually.TrueAsync(() => group.SlaveLog.Lines.Any(static line => line.Id == NotFollowing), "the slave says that it does not follow");

        group.SlaveLog.Lines.First(static line => line.Id == NotFollowing).Text.Should().Contain("brokerName=other").And.Contain("haMasterAddress");
        group.SlaveEnd.Should().Be(0);
    }

    /// <summary>Its master serves slaves on a port of its own choice, and no name server tells where it serves clients.</summary>
    [Fact]
    public async Task EmptySlave_NoBrokerCanBeAsked_WaitsAndTakesNothing()
    {
        await using TestBroker other = await OtherAsync(port: 0);
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.StopSlaveAsync();
        group.MoveSlaveStoreAway();
        await group.StopMasterAsync();

        await group.StartSlaveAsync(At(other));
        await Eventually.TrueAsync(() => group.SlaveLog.Lines.Any(static line => line.Id == Interrupted), "the slave says that it waits");

        group.SlaveLog.Lines.First(static line => line.Id == Interrupted).Text.Should().Contain("its log cannot be compared with this one");
        group.SlaveEnd.Should().Be(0);
    }

    private static Dictionary<string, string> At(TestBroker master) =>
        new(StringComparer.Ordinal) { ["haMasterAddress"] = $"127.0.0.1:{master.Host.Modules.Replication.Listener.Port}" };

    private static async Task<TestBroker> OtherAsync(int port)
    {
        TestBroker other = await TestBroker.StartAsync(new(StringComparer.Ordinal)
        {
            ["brokerName"] = "other",
            ["listenPort"] = port.ToString(CultureInfo.InvariantCulture),
            ["mappedFileSizeCommitLog"] = "65536",
        });
        await other.SendAsync("T", "of another group");
        return other;
    }
}
