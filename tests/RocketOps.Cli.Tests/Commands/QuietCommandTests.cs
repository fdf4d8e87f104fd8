using System.Globalization;
using System.Text;
using RocketOps.Cli.Tests.Support;
using RocketOps.Client;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>What a command has nothing to do with it does not speak of.</summary>
public sealed class QuietCommandTests
{
    private const int RegisterBroker = 103;

    private const string NoTopics = """{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":1,"stateVersion":0,"timestamp":1},"topicConfigTable":{}}}""";

    [Fact]
    public async Task Consume_AsAGroupWhileASlaveIsAway_ShowsTheMessageAndNothingElse()
    {
        await using RocketOpsServer server = new();
        await server.StartAsync();
        (await RunAsync(server, "topic", "create", "Orders", "--queues", "1")).EnsureSuccess();
        (await RunAsync(server, "produce", "Orders", "first", "second", "--quiet")).EnsureSuccess();
        await RegisterSlaveAsync(server);

        CliRun consumed = (await RunAsync(server, "consume", "Orders", "--group", "g", "--count", "1", "-o", "body")).EnsureSuccess();

        consumed.Output.Should().Be("first\n");
        consumed.Error.Should().BeEmpty();
    }

    private static Task<CliRun> RunAsync(RocketOpsServer server, params string[] arguments) => CliRun.RunAsync([.. arguments, "-n", server.NameServerAddress]);

    /// <summary>One that has ended without saying so: the name server goes on to name it for two minutes.</summary>
    private static async Task RegisterSlaveAsync(RocketOpsServer server)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{LoopbackPorts.Find(0)}");
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = server.NameServerAddress, ConnectTimeout = CliRun.Patience, RequestTimeout = CliRun.Patience });
        BrokerData master = (await admin.GetClusterInfoAsync()).Brokers.Values.Single();
        await using RawConnection connection = await RawConnection.ConnectAsync(server.NameServerAddress);
        Dictionary<string, string> fields = new(StringComparer.Ordinal)
        {
            ["brokerName"] = master.BrokerName,
            ["brokerAddr"] = address,
            ["clusterName"] = master.Cluster,
            ["haServerAddr"] = address,
            ["brokerId"] = "1",
        };
        (await connection.RequestAsync(RegisterBroker, fields, Encoding.UTF8.GetBytes(NoTopics))).Code.Should().Be(0);
        (await admin.GetClusterInfoAsync()).Brokers.Values.Single().Addresses.Should().ContainKey(1);
    }
}
