using System.Net;
using System.Text;
using System.Text.Json;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>What a master and a slave tell of their replication: GET_BROKER_HA_STATUS, the metrics page, the log.</summary>
public sealed class HaStatusTests
{
    [Fact]
    public async Task HaStatus_OfBoth_TellsOfTheConnection()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        await ReplicationTests.SendAsync(group, "T", 20);
        await group.InSyncAsync();
        await Eventually.TrueAsync(() => group.Master.Host.Modules.Replication.Slaves.Snapshot() is [{ } slave] && slave.Acknowledged == group.MasterEnd, "the slave has acknowledged everything");

        using JsonDocument master = await AskAsync(group.Master);
        master.RootElement.GetProperty("master").GetBoolean().Should().BeTrue();
        master.RootElement.GetProperty("masterCommitLogMaxOffset").GetInt64().Should().Be(group.MasterEnd);
        master.RootElement.GetProperty("inSyncSlaveNums").GetInt32().Should().Be(1);
        JsonElement connection = master.RootElement.GetProperty("haConnectionInfo").EnumerateArray().Single();
        IPEndPoint.Parse(connection.GetProperty("addr").GetString()!).Address.Should().Be(IPAddress.Loopback);
        connection.GetProperty("slaveAckOffset").GetInt64().Should().Be(group.MasterEnd);
        connection.GetProperty("transferFromWhere").GetInt64().Should().Be(group.MasterEnd);
        connection.GetProperty("diff").GetInt64().Should().Be(0);
        connection.GetProperty("inSync").GetBoolean().Should().BeTrue();

        using JsonDocument slave = await AskAsync(group.Slave);
        slave.RootElement.GetProperty("master").GetBoolean().Should().BeFalse();
        JsonElement client = slave.RootElement.GetProperty("haClientRuntimeInfo");
        client.GetProperty("masterAddr").GetString().Should().Be($"127.0.0.1:{group.Master.Host.Modules.Replication.Listener.Port}");
        client.GetProperty("maxOffset").GetInt64().Should().Be(group.SlaveEnd);
        client.GetProperty("lastReadTimestamp").GetInt64().Should().BePositive();
        client.GetProperty("lastWriteTimestamp").GetInt64().Should().BePositive();
    }

    [Fact]
    public async Task HaStatus_MasterWithoutSlaves_HasTheKeysAnd5xWritesThem()
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerHaStatus));

        answer.Code.Should().Be(ResponseCode.Success);
        Encoding.UTF8.GetString(answer.Body.Span).Should().Be(
            """{"haClientRuntimeInfo":{"lastReadTimestamp":0,"lastWriteTimestamp":0,"masterFlushOffset":0,"maxOffset":0,"transferredByteInSecond":0},"haConnectionInfo":[],"inSyncSlaveNums":0,"master":true,"masterCommitLogMaxOffset":0}""");
    }

    [Fact]
    public async Task Metrics_OfBoth_TellLagAndConnection()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync(master: Http(), slave: Http());
        await group.Master.CreateTopicAsync("T");
        await ReplicationTests.SendAsync(group, "T", 20);
        await Eventually.TrueAsync(() => group.Master.Host.Modules.Replication.Slaves.Snapshot() is [{ } slave] && slave.Acknowledged == group.MasterEnd, "the slave has acknowledged everything");

        string master = await MetricsOfAsync(group.Master);
        master.Should().MatchRegex("(?m)^rocketops_replication_slaves_in_sync\\{[^}]*\\} 1$");
        master.Should().MatchRegex("(?m)^rocketmq_broker_commitlog_diff\\{[^}]*,slave=\"127\\.0\\.0\\.1:[0-9]+\"\\} 0$");
        string slave = await MetricsOfAsync(group.Slave);
        slave.Should().MatchRegex("(?m)^rocketops_replication_connected\\{[^}]*\\} 1$");
        slave.Should().MatchRegex("(?m)^rocketops_replication_received_bytes_total\\{[^}]*\\} [1-9]");
        slave.Should().NotContain("commitlog_diff", "only a master knows");

        await group.StopMasterAsync();

        await Eventually.TrueAsync(
            async () => (await MetricsOfAsync(group.Slave)).Split('\n').Any(static line => line.StartsWith("rocketops_replication_connected{", StringComparison.Ordinal) && line.EndsWith(" 0", StringComparison.Ordinal)),
            "the slave says that it follows nobody");
    }

    [Fact]
    public async Task SlaveFallsBehind_AndCatchesUp_EachIsOneLine()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync(master: new(StringComparer.Ordinal) { ["brokerRole"] = "SYNC_MASTER", ["minInSyncReplicas"] = "2", ["haMaxGapNotInSync"] = "4096" });
        await group.ConnectedAsync();
        await Eventually.TrueAsync(() => group.MasterLog.Lines.Any(static line => line.Id == 3605), "the master says that the slave is in sync");

        await group.StopSlaveAsync();

        await Eventually.TrueAsync(() => group.MasterLog.Lines.Any(static line => line.Id == 3613), "the master says that it refuses messages");
        await group.StartSlaveAsync();
        await Eventually.TrueAsync(() => group.MasterLog.Lines.Any(static line => line.Id == 3612), "the master says that it takes messages again");
    }

    [Fact]
    public async Task MasterOfAnotherGroup_AtTheAddress_IsNotFollowed()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: new(StringComparer.Ordinal) { ["brokerClusterName"] = "Another", ["namesrvAddr"] = string.Empty });
        await group.Master.CreateTopicAsync("T");
        await ReplicationTests.SendAsync(group, "T", 1);

        // As after a change of addresses: what was this group's master is now another's.
        group.Slave.Host.Modules.Replication.Master.Learn(group.Master.Address, $"127.0.0.1:{group.Master.Host.Modules.Replication.Listener.Port}");

        await Eventually.TrueAsync(() => group.SlaveLog.Lines.Any(static line => line.Id == 3633), "the slave says that it does not follow");
        group.SlaveLog.Lines.First(static line => line.Id == 3633).Text.Should().Contain("brokerClusterName=DefaultCluster").And.Contain("another group");
        group.SlaveEnd.Should().Be(0);
    }

    private static Dictionary<string, string> Http() => new(StringComparer.Ordinal) { ["httpPort"] = "-1" };

    private static async Task<JsonDocument> AskAsync(TestBroker broker)
    {
        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerHaStatus));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return JsonDocument.Parse(answer.Body);
    }

    private static async Task<string> MetricsOfAsync(TestBroker broker)
    {
        using HttpClient http = new();
        return await http.GetStringAsync(new Uri($"http://{broker.Host.HttpEndPoint}/metrics"));
    }
}
