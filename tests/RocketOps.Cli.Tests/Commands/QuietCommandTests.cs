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

    /// <summary>Two, since a broker that comes with a single topic is refused.</summary>
    private const string TwoTopics =
        """{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":1,"stateVersion":0,"timestamp":1},"topicConfigTable":{"Gone":{"topicName":"Gone","readQueueNums":1,"writeQueueNums":1,"perm":6},"Other":{"topicName":"Other","readQueueNums":1,"writeQueueNums":1,"perm":6}}}}""";

    [Fact]
    public async Task Consume_AsAGroupWhileASlaveIsAway_ShowsTheMessageAndNothingElse()
    {
        await using RocketOpsServer server = new();
        await server.StartAsync();
        (await RunAsync(server, "topic", "create", "Orders", "--queues", "1")).EnsureSuccess();
        (await RunAsync(server, "produce", "Orders", "first", "second", "--quiet")).EnsureSuccess();
        BrokerData master = (await BrokersAsync(server)).Values.Single();
        await using RawConnection away = await RegisterAsync(server, master.BrokerName, 1, NoTopics);
        (await BrokersAsync(server)).Values.Single().Addresses.Should().ContainKey(1);

        CliRun consumed = (await RunAsync(server, "consume", "Orders", "--group", "g", "--count", "1", "-o", "body")).EnsureSuccess();

        consumed.Output.Should().Be("first\n");
        consumed.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Produce_ToABrokerThatIsAway_SaysWhyOnceAndNotForEachTry()
    {
        await using RocketOpsServer server = new();
        await server.StartAsync();
        await using RawConnection away = await RegisterAsync(server, "away", 0, TwoTopics);

        CliRun sent = await RunAsync(server, "produce", "Gone", "lost");

        sent.ExitCode.Should().Be(1);
        sent.Output.Should().BeEmpty();
        sent.Error.Should().MatchRegex("^rocketops: [^\n]*127\\.0\\.0\\.1:[^\n]*\n$");
    }

    private static Task<CliRun> RunAsync(RocketOpsServer server, params string[] arguments) => CliRun.RunAsync([.. arguments, "-n", server.NameServerAddress]);

    private static async Task<IReadOnlyDictionary<string, BrokerData>> BrokersAsync(RocketOpsServer server)
    {
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = server.NameServerAddress, ConnectTimeout = CliRun.Patience, RequestTimeout = CliRun.Patience });
        return (await admin.GetClusterInfoAsync()).Brokers;
    }

    /// <summary>Registers a broker at an address where nobody listens: the name server names it for as long as this connection is open.</summary>
    private static async Task<RawConnection> RegisterAsync(RocketOpsServer server, string name, int id, string topics)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{LoopbackPorts.Find(0)}");
        string cluster = (await BrokersAsync(server)).Values.First().Cluster;
        RawConnection connection = await RawConnection.ConnectAsync(server.NameServerAddress);
        Dictionary<string, string> fields = new(StringComparer.Ordinal)
        {
            ["brokerName"] = name,
            ["brokerAddr"] = address,
            ["clusterName"] = cluster,
            ["haServerAddr"] = address,
            ["brokerId"] = id.ToString(CultureInfo.InvariantCulture),
        };
        RawFrame answer = await connection.RequestAsync(RegisterBroker, fields, Encoding.UTF8.GetBytes(topics));
        answer.Code.Should().Be(0, answer.Remark);
        return connection;
    }
}
