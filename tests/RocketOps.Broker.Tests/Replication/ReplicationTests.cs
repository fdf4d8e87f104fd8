using System.Globalization;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>A slave of ours behind a master of ours, over loopback.</summary>
public sealed class ReplicationTests
{
    [Fact]
    public async Task Send_ToTheMaster_IsReadFromTheSlave()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T", queues: 2);
        List<string> sent = await SendAsync(group, "T", 300);

        await group.InSyncAsync();
        (await BrokerGroup.ReadAsync(group.Slave, "T")).Should().Equal(sent);
        (await BrokerGroup.ReadAsync(group.Master, "T")).Should().Equal(sent);
        RemotingCommand refused = await group.Slave.InvokeAsync(Requests.Send("T", "x"));
        refused.Code.Should().Be(ResponseCode.ServiceNotAvailable);
        await LogsAreEqualAsync(group);
    }

    [Theory]
    [InlineData("ASYNC_FLUSH")]
    [InlineData("SYNC_FLUSH")]
    public async Task Send_MasterWaitsForItsSlave_TheSlaveTellsAtOnceAndNotWithItsNextSignOfLife(string flushDiskType)
    {
        const string Never = "86400000";
        await using BrokerGroup group = await BrokerGroup.StartAsync(
            master: new(StringComparer.Ordinal) { ["brokerRole"] = "SYNC_MASTER", ["inSyncReplicas"] = "2", ["slaveTimeout"] = Never, ["haSendHeartbeatInterval"] = Never, ["haHousekeepingInterval"] = Never },
            slave: new(StringComparer.Ordinal) { ["flushDiskType"] = flushDiskType, ["haSendHeartbeatInterval"] = Never, ["haHousekeepingInterval"] = Never });
        await group.Master.CreateTopicAsync("T");
        await Eventually.TrueAsync(() => group.Master.Host.Modules.Replication.Slaves.CountInSync() == 1, "the slave counts");

        for (int i = 0; i < 20; i++)
        {
            RemotingCommand answer = await group.Master.InvokeAsync(Requests.Send("T", $"m{i}"));
            answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        }
    }

    /// <summary>Its master may be lost at any moment: messages of a topic that its table lacks could be read by nobody then.</summary>
    [Fact]
    public async Task Send_ToATopicThatIsNew_TheSlaveAsksForItAtOnceAndNotWithItsNextRound()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: new(StringComparer.Ordinal) { ["slaveSyncInterval"] = "86400000" });
        await group.InSyncAsync();
        foreach (string topic in (string[])["T1", "T2"])
        {
            await group.Master.CreateTopicAsync(topic);
            List<string> sent = await SendAsync(group, topic, 5);

            await group.InSyncAsync();
            (await BrokerGroup.ReadAsync(group.Slave, topic)).Should().Equal(sent);
        }
    }

    [Fact]
    public async Task SlaveStops_MessagesGoOn_ItCatchesUpAcrossFiles()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        List<string> sent = await SendAsync(group, "T", 50);
        await group.InSyncAsync();

        await group.StopSlaveAsync();
        sent.AddRange(await SendAsync(group, "T", 400));
        await group.StartSlaveAsync();

        await group.InSyncAsync();
        (await BrokerGroup.ReadAsync(group.Slave, "T")).Should().Equal(sent);
        await LogsAreEqualAsync(group);
    }

    [Fact]
    public async Task MasterRestarts_TheSlaveServesMeanwhileAndGoesOn()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("T");
        List<string> sent = await SendAsync(group, "T", 50);
        await group.InSyncAsync();

        await group.StopMasterAsync();
        (await BrokerGroup.ReadAsync(group.Slave, "T")).Should().Equal(sent, "a slave serves reads while its master is away");
        await group.StartMasterAsync();
        sent.AddRange(await SendAsync(group, "T", 50));

        await group.InSyncAsync();
        (await BrokerGroup.ReadAsync(group.Slave, "T")).Should().Equal(sent);
    }

    /// <summary>The round in which the slave registers in any case never comes; the master has another port each time.</summary>
    [Fact]
    public async Task MasterMoves_TheSlaveAsksNameServersForItBeforeItsNextRegistration()
    {
        Dictionary<string, string> rarely = new(StringComparer.Ordinal) { ["registerNameServerPeriod"] = "60000" };
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: rarely, time: new ShortTimers());
        await group.ConnectedAsync();

        await group.StopMasterAsync();
        await group.StartMasterAsync();

        await Eventually.TrueAsync(() => group.Master.Host.Modules.Replication.Slaves.CountInSync() == 1, "the slave follows where its master is now");
    }

    [Fact]
    public async Task EmptySlave_MasterHasSeveralFiles_GetsTheLastFileAndServesIt()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync(slave: new(StringComparer.Ordinal) { ["haMasterAddress"] = "127.0.0.1:1" });
        await group.Master.CreateTopicAsync("T");
        List<string> sent = await SendAsync(group, "T", 700);
        await group.StopSlaveAsync();

        await group.StartSlaveAsync();
        await group.InSyncAsync();

        long begin = group.MasterEnd / 65_536 * 65_536;
        begin.Should().BePositive("the test needs more than one file");
        group.Slave.Host.Modules.Host.Store.GetStats().MinOffset.Value.Should().Be(begin, "as RocketMQ, a new slave gets the last file");
        RemotingCommand min = await group.Slave.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetMinOffset).Set("topic", "T").Set("queueId", 0));
        int first = int.Parse(min.Get("offset")!, CultureInfo.InvariantCulture);
        first.Should().BeInRange(1, 699);
        RemotingCommand pulled = await BrokerGroup.PullAsync(group.Slave, "T", 0, first);
        pulled.Code.Should().Be(ResponseCode.Success, pulled.Remark);
        Requests.Decode(pulled)[0].Body.Should().Be(sent[first]);

        // And again after a restart.
        await group.StopSlaveAsync();
        await group.StartSlaveAsync();
        sent.AddRange(await SendAsync(group, "T", 20));
        await group.InSyncAsync();
        await LogsAreEqualAsync(group);
    }

    [Fact]
    public async Task Tables_OfTheMaster_AreTakenOver()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.Master.CreateTopicAsync("Kept", queues: 3);
        await group.Master.CreateTopicAsync("Gone");
        await group.Master.SubscribeAsync("g", "Kept");
        (await group.Master.InvokeAsync(
            Requests.Commit("g", "Kept", 1, 42L))).Code.Should().Be(0);
        group.Master.Host.Modules.Offsets.Delays.Set(3, 7);
        RemotingCommand mode = RemotingCommand.CreateRequest(RequestCode.SetMessageRequestMode);
        mode.Body = """{"topic":"Kept","consumerGroup":"g","mode":"PULL","popShareQueueNum":0}"""u8.ToArray();
        (await group.Master.InvokeAsync(mode)).Code.Should().Be(0);

        await Eventually.TrueAsync(
            () => group.Slave.Host.Modules.Topics.Topics.TryGet("Gone", out _) && group.Slave.Host.Modules.Groups.Groups.TryGet("g", out _)
                && group.Slave.Host.Modules.Offsets.Consumers.Query("Kept", "g", 1) == 42 && group.Slave.Host.Modules.Offsets.Delays.Get(3) == 7
                && group.Slave.Host.Modules.Assignments.Modes.Find("Kept", "g") is { IsPull: true }
                && group.Slave.Host.Modules.Topics.Topics.Version == group.Master.Host.Modules.Topics.Topics.Version,
            "the slave has the master's tables");
        group.Slave.Host.Modules.Topics.Topics.GetOrThrow("Kept").Config.ReadQueueNums.Should().Be(3);

        (await group.Master.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Gone"))).Code.Should().Be(0);
        await Eventually.TrueAsync(() => !group.Slave.Host.Modules.Topics.Topics.TryGet("Gone", out _), "the topic goes on the slave too");
    }

    [Fact]
    public async Task TopicDeletedAndMadeAgain_BetweenTwoRounds_IsReadFromItsBeginning()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.StopSlaveAsync();
        await group.Master.CreateTopicAsync("T");
        await SendAsync(group, "T", 30);
        await group.StartSlaveAsync(new(StringComparer.Ordinal) { ["slaveSyncInterval"] = "3600000" });
        await group.InSyncAsync();

        // The slave hears of neither: its next round is an hour away.
        (await group.Master.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "T"))).Code.Should().Be(0);
        await group.Master.CreateTopicAsync("T");
        await group.Master.SendAsync("T", "first");
        await group.Master.SendAsync("T", "second");
        await Eventually.TrueAsync(() => group.MasterEnd == group.SlaveEnd && group.Slave.Host.Modules.Host.Store.GetStats().DispatchedOffset.Value == group.SlaveEnd, "the slave has what the master has");

        await SlaveReadsAsync(group, "T", "first", "second");

        // And when it is recovered from its files.
        await group.StopSlaveAsync();
        await group.StartSlaveAsync();
        await SlaveReadsAsync(group, "T", "first", "second");
        (await BrokerGroup.ReadAsync(group.Master, "T")).Should().Equal("first", "second");
    }

    /// <summary>The slave has asked for it once, when its master had deleted it.</summary>
    [Fact]
    public async Task TopicThatWasAskedForInVain_IsMadeAgain_IsAskedForAgain()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.StopSlaveAsync();
        await group.Master.CreateTopicAsync("T");
        await SendAsync(group, "T", 5);
        (await group.Master.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "T"))).Code.Should().Be(0);
        await group.StartSlaveAsync(new(StringComparer.Ordinal) { ["slaveSyncInterval"] = "86400000" });
        await group.InSyncAsync();

        // Its messages come behind those of the other: it asks for both, or has asked before.
        await group.Master.CreateTopicAsync("Later");
        await group.Master.SendAsync("Later", "x");
        await group.InSyncAsync();

        await group.Master.CreateTopicAsync("T");
        await group.Master.SendAsync("T", "first");

        await SlaveReadsAsync(group, "T", "first");
    }

    internal static async Task<List<string>> SendAsync(BrokerGroup group, string topic, int count)
    {
        List<string> sent = [];
        for (int i = 0; i < count; i++)
        {
            string body = string.Create(CultureInfo.InvariantCulture, $"body-{i:D5}");
            await group.Master.SendAsync(topic, body);
            sent.Add(body);
        }

        return sent;
    }

    /// <summary>
    /// While the slave follows a deletion it may answer that it does not have the topic, so the test reads again until it has all. A slave
    /// that lost them never has.
    /// </summary>
    private static async Task SlaveReadsAsync(BrokerGroup group, string topic, params string[] expected)
    {
        List<string> read = [];
        try
        {
            await Eventually.TrueAsync(
                async () => (read = await BrokerGroup.ReadAsync(group.Slave, topic)).SequenceEqual(expected), "the slave has the messages");
        }
        catch (TimeoutException)
        {
            read.Should().Equal(expected);
            throw;
        }
    }

    private static async Task LogsAreEqualAsync(BrokerGroup group)
    {
        for (long at = group.Slave.Host.Modules.Host.Store.GetStats().MinOffset.Value; at < group.MasterEnd; at += 4096)
        {
            byte[] expected = new byte[Math.Min(4096, group.MasterEnd - at)];
            byte[] actual = new byte[expected.Length];
            (await group.Master.Host.Modules.Host.Store.Reader.ReadAsync(new(at), expected, CancellationToken.None)).Should().BeTrue();
            (await group.Slave.Host.Modules.Host.Store.Reader.ReadAsync(new(at), actual, CancellationToken.None)).Should().BeTrue();
            actual.AsSpan().SequenceEqual(expected).Should().BeTrue($"the logs are the same at {at}");
        }
    }
}
