using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>What clients and tools see of a broker besides sending and pulling, through a real connection.</summary>
public sealed class BrokerTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task GetConfig_KeysThatToolsTakeForGranted_AreThere()
    {
        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerConfig));

        // ExportConfigsCommand.needBrokerProprties of mqadmin 4.9.7.
        string[] keys =
        [
            "brokerClusterName", "brokerId", "brokerName", "brokerRole", "fileReservedTime", "filterServerNums", "flushDiskType", "maxMessageSize", "messageDelayLevel",
            "msgTraceTopicName", "slaveReadEnable", "traceOn", "traceTopicEnable", "useTLS", "autoCreateTopicEnable", "autoCreateSubscriptionGroup",
        ];
        Encoding.UTF8.GetString(answer.Body.Span).Split('\n').Select(static line => line.Split('=')[0].Trim()).Should().Contain(keys);
    }

    [Fact]
    public async Task RuntimeInfo_AfterSendsAndARefusal_HasTheirTimesAndNumbers()
    {
        for (int i = 0; i < 7; i++)
        {
            await _broker.SendAsync("Timed", "body");
        }

        RemotingCommand tooLong = Requests.Send("Timed", new string('x', 5 * 1024 * 1024), 0, string.Empty, "pg");
        (await _broker.InvokeAsync(tooLong)).Code.Should().Be(ResponseCode.MessageIllegal);

        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        using JsonDocument body = JsonDocument.Parse(answer.Body);
        JsonElement table = body.RootElement.GetProperty("table");
        Number("putMessageTimesTotal").Should().Be(7);
        Number("putMessageFailedTimes").Should().Be(1);
        Text("putMessageDistributeTime").Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(static bucket => int.Parse(bucket.Split(':')[1], CultureInfo.InvariantCulture)).Should().Be(7);
        Number("putLatency99").Should().BePositive();
        Number("putLatency999").Should().BeGreaterThanOrEqualTo(Number("putLatency99"));

        string Text(string key) => table.GetProperty(key).GetString()!;
        double Number(string key) => double.Parse(Text(key), CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task AnyCode_Unknown_GetsRocketMqsAnswer()
    {
        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(9999));

        answer.Code.Should().Be(ResponseCode.RequestCodeNotSupported);
        answer.Remark.Should().Be(" request type 9999 not supported");
    }

    [Fact]
    public async Task Heartbeat_SecondClientJoinsAndLeaves_FirstIsToldEachTime()
    {
        NotifiedHandler notified = new();
        RequestHandlerRegistry pushed = new RequestHandlerRegistry().Add(RequestCode.NotifyConsumerIdsChanged, notified);
        await using TestBroker first = await TestBroker.StartAsync(pushed: pushed);
        await first.CreateTopicAsync("Shared");
        await first.SubscribeAsync("g", "Shared", clientId: "one");
        await Eventually.TrueAsync(() => notified.Count == 1, "the first member is told that the group exists");

        await using (Remoting.Client.RemotingClient second = TestBroker.NewClient())
        {
            RemotingCommand heartbeat = Requests.Heartbeat(
                """{"clientID":"two","consumerDataSet":[{"groupName":"g","messageModel":"CLUSTERING","subscriptionDataSet":[{"subString":"*","subVersion":1,"topic":"Shared"}]}]}""");
            await second.InvokeAsync(first.Address, heartbeat);
            await Eventually.TrueAsync(() => notified.Count == 2, "the first member is told of the second");
            RemotingCommand list = await first.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetConsumerListByGroup).Set("consumerGroup", "g"));
            Encoding.UTF8.GetString(list.Body.Span).Should().Contain("\"one\"").And.Contain("\"two\"");

            await first.SubscribeAsync("g", "Shared", clientId: "one");
            notified.Count.Should().Be(2, "a heartbeat that changes nothing tells nobody");
        }

        await Eventually.TrueAsync(() => notified.Count == 3, "the first member is told that the second has gone");
    }

    [Fact]
    public async Task Heartbeat_Answer_CarriesVersionAndSupport()
    {
        RemotingCommand answer = await _broker.SubscribeAsync("g", "T");

        answer.Version.Should().Be(MqVersion.V533);
        answer.Get("IS_SUPPORT_HEART_BEAT_V2").Should().Be("true");
        answer.Get("IS_SUB_CHANGE").Should().Be("true");
    }

    [Fact]
    public async Task LockBatch_TwoClients_OneOwnsTheQueue()
    {
        await _broker.CreateTopicAsync("Ordered");
        await _broker.SubscribeAsync("g", "Ordered");

        (await LockAsync("one")).Should().Contain("\"queueId\":0");
        (await LockAsync("two")).Should().Be("""{"lockOKMQSet":[]}""");
    }

    [Fact]
    public async Task DeleteTopic_WithMessages_IsGoneWithItsOffsets()
    {
        await _broker.SendAsync("Gone", "x");
        await _broker.SubscribeAsync("g", "Gone");
        await _broker.PullAsync("g", "Gone", 0, 0, PullMessageRequestHeader.CommitOffsetFlag, commit: 1);

        (await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Gone"))).Code.Should().Be(ResponseCode.Success);

        (await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetTopicConfig).Set("topic", "Gone"))).Code.Should().Be(ResponseCode.TopicNotExist);
        (await _broker.PullAsync("g", "Gone", 0, 0)).Code.Should().Be(ResponseCode.TopicNotExist);
        _broker.Host.Modules.Offsets.Consumers.TopicsOf("g").Should().BeEmpty();
    }

    [Fact]
    public async Task QueryMessage_ByKeyAndByUniqueKey_FindsIt()
    {
        await _broker.SendAsync("Keys", "found", properties: Requests.Properties(("KEYS", "order-1 order-2"), ("UNIQ_KEY", "unique-1")));
        await _broker.SendAsync("Keys", "other", properties: Requests.Properties(("KEYS", "order-3")));

        Requests.Decode(await QueryAsync("order-2", unique: false)).Single().Body.Should().Be("found");
        Requests.Decode(await QueryAsync("unique-1", unique: true)).Single().Body.Should().Be("found");
        (await QueryAsync("order-9", unique: false)).Code.Should().Be(ResponseCode.QueryNotFound);
    }

    [Fact]
    public async Task TopicStats_QueueKeys_AreWrittenAsBeans()
    {
        // No sample is taken meanwhile.
        await using TestBroker broker = await TestBroker.StartAsync(time: new FakeTimeProvider());
        await broker.SendAsync("Stats", "x");

        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetTopicStatsInfo).Set("topic", "Stats"));

        Encoding.UTF8.GetString(answer.Body.Span).Should()
            .StartWith("""{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"Stats"}:{"lastUpdateTimestamp":""")
            .And.EndWith("\"topicPutTps\":0.0}");
    }

    [Fact]
    public async Task UpdateConfig_LiveAndFixedKeys_AppliesOrRefuses()
    {
        RemotingCommand live = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        live.Body = "traceOn=false\n"u8.ToArray();
        (await _broker.InvokeAsync(live)).Code.Should().Be(ResponseCode.Success);
        (await _broker.SendAsync("Traced", "x")).Get("TRACE_ON").Should().Be("false");

        RemotingCommand fixedKey = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        fixedKey.Body = "brokerName=other\n"u8.ToArray();
        RemotingCommand refused = await _broker.InvokeAsync(fixedKey);
        refused.Code.Should().Be(ResponseCode.InvalidParameter);
        refused.Remark.Should().StartWith("brokerName: takes effect only at a start;");

        RemotingCommand blackListed = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        blackListed.Body = "configBlackList=\n"u8.ToArray();
        (await _broker.InvokeAsync(blackListed)).Code.Should().Be(ResponseCode.NoPermission);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("http://x")]
    [InlineData("127.0.0.1:21876 # c")]
    [InlineData("")]
    public async Task UpdateConfig_NameServersThatCannotBe_AreRefusedAndTheOldOnesStay(string value)
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["namesrvAddr"] = "127.0.0.1:1" });
        RemotingCommand change = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        change.Body = Encoding.UTF8.GetBytes($"namesrvAddr={value}\n");

        RemotingCommand refused = await broker.InvokeAsync(change);

        refused.Code.Should().Be(ResponseCode.InvalidParameter);
        refused.Remark.Should().StartWith("namesrvAddr: ");
        broker.Host.Modules.Host.Settings.Current.NameServers.Should().Equal("127.0.0.1:1");
    }

    /// <summary>Its log's folder need not be there before the first bytes come.</summary>
    [Fact]
    public async Task RuntimeInfo_SlaveWithoutALog_IsThatOfAnEmptySlave()
    {
        await using TestBroker slave = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["brokerRole"] = "SLAVE", ["brokerId"] = "1" });
        string log = slave.Directory.File("store", "commitlog");
        if (Directory.Exists(log))
        {
            // Empty; a volume of its own may not be there either.
            Directory.Delete(log);
        }

        RemotingCommand answer = await slave.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        using JsonDocument body = JsonDocument.Parse(answer.Body);
        JsonElement table = body.RootElement.GetProperty("table");
        table.GetProperty("commitLogMaxOffset").GetString().Should().Be("0");
        table.GetProperty("commitLogDirCapacity").GetString().Should().MatchRegex("^Total : .+, Free : .+\\.$");
    }

    [Fact]
    public async Task RuntimeInfo_KeysToolsNeed_AreThereAndParse()
    {
        await _broker.SendAsync("Info", "x");

        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo));

        using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(answer.Body);
        System.Text.Json.JsonElement table = json.RootElement.GetProperty("table");
        foreach (string key in (string[])["putTps", "getTransferedTps", "getTransferredTps", "getTotalTps"])
        {
            table.GetProperty(key).GetString()!.Split(' ').Should().HaveCount(3).And.OnlyContain(static text => double.IsFinite(double.Parse(text)));
        }

        long.Parse(table.GetProperty("earliestMessageTimeStamp").GetString()!).Should().BePositive();
        table.GetProperty("brokerVersion").GetString().Should().Be("479");
        table.GetProperty("commitLogDirCapacity").GetString().Should().MatchRegex("^Total : .+, Free : .+\\.$");
    }

    private async Task<string> LockAsync(string clientId)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.LockBatchMq);
        request.Body = Encoding.UTF8.GetBytes($$"""{"clientId":"{{clientId}}","consumerGroup":"g","mqSet":[{"brokerName":"broker-a","queueId":0,"topic":"Ordered"}]}""");
        return Encoding.UTF8.GetString((await _broker.InvokeAsync(request)).Body.Span);
    }

    private Task<RemotingCommand> QueryAsync(string key, bool unique)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.QueryMessage)
            .Set("topic", "Keys").Set("key", key).Set("maxNum", 16).Set("beginTimestamp", 0L).Set("endTimestamp", long.MaxValue);
        return _broker.InvokeAsync(unique ? request.Set("_UNIQUE_KEY_QUERY", true) : request);
    }

    private sealed class NotifiedHandler : IRequestHandler
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Handle(in RequestFrame frame, RequestBatch batch) => Interlocked.Increment(ref _count);
    }
}
