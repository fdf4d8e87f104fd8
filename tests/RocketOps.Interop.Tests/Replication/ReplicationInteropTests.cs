using System.Globalization;
using System.Text.Json;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Replication;

/// <summary>Groups of mixed members: a slave of Apache's behind our master, and ours behind theirs, at the master's name server.</summary>
public sealed class ReplicationInteropTests
{
    private const string Topic = "Replicated";
    private const int GetBrokerRuntimeInfo = 28;
    private const int GetMaxOffset = 30;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>The gate has one version: what a slave says to its master is the same in both.</summary>
    public static TheoryData<string> SlaveVersions => Depth.IsDeep ? [ApacheServer.Version4, ApacheServer.Version5] : [ApacheServer.Version4];

    // Deep: starts a master of Apache's; ApacheSessionTests has our slave behind one of each version.
    [Trait("ring", "deep")]
    [SkippableTheory]
    [InlineData(ApacheServer.Version4)]
    [InlineData(ApacheServer.Version5)]
    public async Task OurSlave_BehindApachesMaster_HasItsLogBeforeAndAfterAKill(string version)
    {
        Kit.Require(SharedKits.RocketMq);
        await using ApacheServer master = new(version, new ServerOptions { Broker = Files });
        await master.StartAsync();
        await SendAsync(master.BrokerAddress, 50);
        await using RocketOpsSlave slave = new(master.NameServerAddress, Files);
        await slave.StartAsync();
        await SameEndAsync(master.BrokerAddress, slave.Address);
        await slave.KillAsync();
        await SendAsync(master.BrokerAddress, 50);

        await slave.StartAsync();
        await SendAsync(master.BrokerAddress, 50);
        await SameEndAsync(master.BrokerAddress, slave.Address);
        await Eventually.TrueAsync(async () => await CountAsync(slave.Address) == 150, "the slave serves all messages", Patience);
    }

    [SkippableTheory]
    [MemberData(nameof(SlaveVersions))]
    public async Task ApachesSlave_BehindOurSyncMaster_AcknowledgesAndServes(string version)
    {
        Kit.Require(SharedKits.RocketMq);
        Dictionary<string, string> settings = new(Files, StringComparer.Ordinal) { ["brokerRole"] = "SYNC_MASTER", ["slaveTimeout"] = "60000" };
        await using RocketOpsServer master = new(new ServerOptions { Broker = settings });
        await master.StartAsync();
        using TempDirectory directory = new("slave-");
        int port = LoopbackPorts.Find(0, -2, 1);
        await KitAsync(
            version,
            [
                "broker", "start", "--dir", directory.Path, "--port", port.ToString(CultureInfo.InvariantCulture), "--id", "1", "--namesrv", master.NameServerAddress,
                "--jvm", "-Dtls.server.mode=disabled", "--seconds", "180", .. Files.Select(static pair => $"{pair.Key}={pair.Value}"),
            ]);
        try
        {
            // 11 until the slave is there, then every message waits for it.
            await Eventually.TrueAsync(async () => await TrySendAsync(master.BrokerAddress) == 0, "a message is acknowledged, which it is when the slave has it", Patience);
            for (int i = 0; i < 20; i++)
            {
                (await TrySendAsync(master.BrokerAddress)).Should().Be(0);
            }

            await SameEndAsync(master.BrokerAddress, Address(port));
            long sent = await CountAsync(master.BrokerAddress);
            await Eventually.TrueAsync(async () => await CountAsync(Address(port)) == sent, "the slave serves all messages", Patience);
        }
        finally
        {
            await KitAsync(version, ["kill", "--dir", directory.Path]);
        }
    }

    private static Dictionary<string, string> Files { get; } = new(StringComparer.Ordinal) { ["mappedFileSizeCommitLog"] = "4194304", ["haSendHeartbeatInterval"] = "1000", ["haHousekeepingInterval"] = "600000", ["slaveTimeout"] = "600000", ["brokerIP1"] = "127.0.0.1", ["brokerIP2"] = "127.0.0.1" };

    private static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private static async Task KitAsync(string version, string[] arguments) =>
        (await ChildProcess.RunAsync(
            Path.Combine(SharedKits.RocketMq, "bin", "rocketmq"), ["--version", version, .. arguments], Patience, new Dictionary<string, string>(StringComparer.Ordinal) { ["ROCKETMQ_TIER"] = "1" })).EnsureSuccess();

    private static async Task SendAsync(string broker, int count)
    {
        for (int i = 0; i < count; i++)
        {
            (await TrySendAsync(broker)).Should().Be(0);
        }
    }

    private static async Task<int> TrySendAsync(string broker)
    {
        await using RawConnection connection = await RawConnection.ConnectAsync(broker);
        Dictionary<string, string> fields = RawFields.Send(Topic, group: "pg", bornTimestamp: 1_731_999_999_000, queues: 1);
        fields["batch"] = "false";
        return (await connection.RequestAsync(10, fields, new byte[3000])).Code;
    }

    internal static async Task SameEndAsync(string master, string slave) =>
        await Eventually.TrueAsync(async () => await EndAsync(master) is > 0 and long end && await EndAsync(slave) == end, "the slave's log is as long as the master's", Patience);

    /// <summary>−1 while the broker does not say: its port is open before its store is.</summary>
    private static async Task<long> EndAsync(string broker)
    {
        await using RawConnection connection = await RawConnection.ConnectAsync(broker);
        RawFrame answer = await connection.RequestAsync(GetBrokerRuntimeInfo);
        if (answer.Code != 0 || answer.Body.IsEmpty)
        {
            return -1;
        }

        using JsonDocument document = JsonDocument.Parse(answer.Body);
        return long.Parse(document.RootElement.GetProperty("table").GetProperty("commitLogMaxOffset").GetString()!, CultureInfo.InvariantCulture);
    }

    private static async Task<long> CountAsync(string broker)
    {
        await using RawConnection connection = await RawConnection.ConnectAsync(broker);
        RawFrame answer = await connection.RequestAsync(GetMaxOffset, RawFields.Queue(Topic, 0));
        return answer.Code == 0 ? long.Parse(answer.ExtFields["offset"], CultureInfo.InvariantCulture) : -1;
    }
}
