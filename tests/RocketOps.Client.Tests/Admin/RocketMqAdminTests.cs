using System.Globalization;
using System.Text;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Admin;

public sealed class RocketMqAdminTests
{
    [Fact]
    public async Task GetClusterInfo_FastjsonBody_IsRead()
    {
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetBrokerClusterInfo, FakePeer.Body(
            "{\"brokerAddrTable\":{\"broker-a\":{\"brokerAddrs\":{0:\"10.0.0.1:10911\",1:\"10.0.0.2:10911\"},\"brokerName\":\"broker-a\",\"cluster\":\"C\",\"enableActingMaster\":false}},\"clusterAddrTable\":{\"C\":[\"broker-a\"]}}")));
        await using RocketMqAdmin admin = Admin(nameServer.Address);

        ClusterInfo cluster = await admin.GetClusterInfoAsync();

        cluster.Clusters["C"].Should().Equal("broker-a");
        cluster.Brokers["broker-a"].MasterAddress.Should().Be("10.0.0.1:10911");
        cluster.Brokers["broker-a"].Addresses[1].Should().Be("10.0.0.2:10911");
    }

    [Fact]
    public async Task CreateTopic_OnMastersThatLackIt_LeavesTheOthersAsTheyAre()
    {
        await using FakePeer has = await FakePeer.StartAsync((RequestCode.GetTopicConfig, FakePeer.Body("{\"topicName\":\"T\",\"readQueueNums\":4,\"writeQueueNums\":4,\"perm\":6}")));
        await using FakePeer lacks = await FakePeer.StartAsync(
            (RequestCode.GetTopicConfig, FakePeer.Code(ResponseCode.TopicNotExist)), (RequestCode.UpdateAndCreateTopic, FakePeer.Code(ResponseCode.Success)));
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetBrokerClusterInfo, FakePeer.Body(
            $"{{\"brokerAddrTable\":{{\"a\":{{\"brokerAddrs\":{{0:\"{has.Address}\",1:\"10.0.0.2:10911\"}},\"brokerName\":\"a\",\"cluster\":\"C\"}},\"b\":{{\"brokerAddrs\":{{0:\"{lacks.Address}\"}},\"brokerName\":\"b\",\"cluster\":\"C\"}},\"c\":{{\"brokerAddrs\":{{0:\"10.0.0.3:10911\"}},\"brokerName\":\"c\",\"cluster\":\"Other\"}}}},\"clusterAddrTable\":{{}}}}")));
        await using RocketMqAdmin admin = Admin(nameServer.Address);

        IReadOnlyList<string> created = await admin.CreateTopicAsync("T", queues: 2, cluster: "C");

        created.Should().Equal(lacks.Address);
        RemotingCommand request = lacks.Received.Single(static request => request.Code == RequestCode.UpdateAndCreateTopic);
        request.ExtFields.Should().Contain("topic", "T").And.Contain("readQueueNums", "2").And.Contain("writeQueueNums", "2").And.Contain("perm", "6");
        has.Received.Should().OnlyContain(static request => request.Code == RequestCode.GetTopicConfig);
        await admin.Awaiting(static it => it.CreateTopicAsync("T", 2, "Nowhere")).Should().ThrowAsync<RocketMqException>().WithMessage("*no master*Nowhere*");
        await admin.Awaiting(static it => it.CreateTopicAsync("no topic", 2)).Should().ThrowAsync<ArgumentException>();
    }

    [Theory]
    [InlineData("{\"brokerDatas\":[{\"brokerAddrs\":{\"0\":\"a:1\"},\"brokerName\":\"b\",\"cluster\":\"C\"}],\"filterServerTable\":{},\"queueDatas\":[{\"brokerName\":\"b\",\"perm\":6,\"readQueueNums\":8,\"topicSysFlag\":0,\"writeQueueNums\":4}]}")]
    [InlineData("{\"brokerDatas\":[{\"brokerAddrs\":{0:\"a:1\"},\"brokerName\":\"b\",\"cluster\":\"C\",\"enableActingMaster\":false}],\"filterServerTable\":{},\"queueDatas\":[{\"brokerName\":\"b\",\"perm\":6,\"readQueueNums\":8,\"topicSysFlag\":0,\"writeQueueNums\":4}]}")]
    public async Task GetTopicRoute_BothShapes_AreRead(string body)
    {
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, FakePeer.Body(body)));
        await using RocketMqAdmin admin = Admin(nameServer.Address);

        TopicRoute? route = await admin.GetTopicRouteAsync("T");

        route!.Brokers.Should().ContainSingle().Which.MasterAddress.Should().Be("a:1");
        route.Queues.Should().ContainSingle().Which.Should().Be(new QueueData { BrokerName = "b", Permission = TopicPermission.ReadWrite, ReadQueues = 8, WriteQueues = 4 });
        nameServer.Received.Should().ContainSingle().Which.Get("topic").Should().Be("T");
    }

    [Fact]
    public async Task GetTopicRoute_TopicUnknown_IsNull()
    {
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, FakePeer.Code(ResponseCode.TopicNotExist, "No topic route info")));
        await using RocketMqAdmin admin = Admin(nameServer.Address);

        (await admin.GetTopicRouteAsync("T")).Should().BeNull();
    }

    [Fact]
    public async Task ConsumerGroup_OfA5xBroker_IsReadAndSentBackWhole()
    {
        const string Found = "{\"attributes\":{\"lite.bind.topic\":\"P\"},\"brokerId\":0,\"consumeBroadcastEnable\":true,\"consumeEnable\":true,\"consumeFromMinEnable\":true,\"consumeMessageOrderly\":true,\"consumeTimeoutMinute\":20,\"groupName\":\"g\",\"groupRetryPolicy\":{\"type\":\"EXPONENTIAL\"},\"groupSysFlag\":1,\"notifyConsumerIdsChangedEnable\":true,\"retryMaxTimes\":5,\"retryQueueNums\":1,\"subscriptionDataSet\":[{\"topic\":\"T\"}],\"whichBrokerWhenConsumeSlowly\":1}";
        await using FakePeer broker = await FakePeer.StartAsync(
            (RequestCode.GetSubscriptionGroupConfig, FakePeer.Body(Found)),
            (RequestCode.GetAllSubscriptionGroupConfig, FakePeer.Body($"{{\"subscriptionGroupTable\":{{\"g\":{Found}}}}}")),
            (RequestCode.UpdateAndCreateSubscriptionGroup, FakePeer.Code(ResponseCode.Success)));
        await using RocketMqAdmin admin = Admin(broker.Address);

        SubscriptionGroupConfig group = (await admin.GetSubscriptionGroupAsync(broker.Address, "g"))!;
        (await admin.GetSubscriptionGroupsAsync(broker.Address))["g"].RetryMaxTimes.Should().Be(5);
        await admin.CreateOrUpdateSubscriptionGroupAsync(broker.Address, group with { RetryMaxTimes = 6, Attributes = null });

        (group.ConsumeTimeoutMinutes, group.SystemFlags, group.ConsumeMessageOrderly).Should().Be((20, 1, true));
        group.Attributes.Should().Contain("lite.bind.topic", "P");
        string sent = Encoding.UTF8.GetString(broker.Received.Single(static request => request.Code == RequestCode.UpdateAndCreateSubscriptionGroup).Body.Span);
        sent.Should().ContainAll("\"retryMaxTimes\":6", "\"groupRetryPolicy\":{\"type\":\"EXPONENTIAL\"}", "\"groupSysFlag\":1", "\"subscriptionDataSet\":[{\"topic\":\"T\"}]").And.NotContain("attributes");
    }

    [Fact]
    public async Task AllGroups_OfA4xBroker_HaveTheDefaultsOfWhatItDoesNotKnow()
    {
        const string Found = "{\"brokerId\":0,\"consumeBroadcastEnable\":true,\"consumeEnable\":true,\"consumeFromMinEnable\":true,\"groupName\":\"g\",\"notifyConsumerIdsChangedEnable\":true,\"retryMaxTimes\":5,\"retryQueueNums\":1,\"whichBrokerWhenConsumeSlowly\":1}";
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetAllSubscriptionGroupConfig, FakePeer.Body($"{{\"subscriptionGroupTable\":{{\"g\":{Found}}}}}")));
        await using RocketMqAdmin admin = Admin(broker.Address);

        SubscriptionGroupConfig group = (await admin.GetSubscriptionGroupsAsync(broker.Address))["g"];

        (group.ConsumeTimeoutMinutes, group.ConsumeMessageOrderly, group.RetryPolicy is null, group.ForbiddenTopics is null).Should().Be((15, false, true, true));
    }

    [Fact]
    public async Task AllGroups_OfA5xBroker_TellWhatTheyMayNotRead()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetAllSubscriptionGroupConfig, FakePeer.Body(
            """{"forbiddenTable":{"g":{"T":4,"U":2},"gone":{"T":4}},"subscriptionGroupTable":{"g":{"groupName":"g"},"h":{"groupName":"h"}}}""")));
        await using RocketMqAdmin admin = Admin(broker.Address);

        IReadOnlyDictionary<string, SubscriptionGroupConfig> groups = await admin.GetSubscriptionGroupsAsync(broker.Address);

        groups["g"].ForbiddenTopics.Should().Equal("T");
        groups["h"].ForbiddenTopics.Should().BeNull();
    }

    [Fact]
    public async Task AllTopics_OfA5xBroker_TellWhichAreStatic()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetAllTopicConfig, FakePeer.Body(
            """{"topicConfigTable":{"S":{"topicName":"S"},"T":{"topicName":"T"}},"topicQueueMappingDetailMap":{"S":{"hostedQueues":{0:[{"bname":"b","gen":0}]},"totalQueues":1}}}""")));
        await using RocketMqAdmin admin = Admin(broker.Address);

        IReadOnlyDictionary<string, TopicConfig> topics = await admin.GetTopicConfigsAsync(broker.Address);

        (topics["S"].IsStatic, topics["T"].IsStatic).Should().Be((true, false));
    }

    [Fact]
    public async Task GetPendingMessages_IsRead()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetPendingMessages, FakePeer.Body(
            "{\"complete\":false,\"unread\":7,\"pending\":[{\"kind\":\"Delayed\",\"queueId\":5,\"count\":24,\"lastDueTimestamp\":1800000000000}]}")));
        await using RocketMqAdmin admin = Admin(broker.Address);

        PendingMessages? pending = await admin.GetPendingMessagesAsync(broker.Address, "T", 4);

        pending!.Should().BeEquivalentTo(new { Complete = false, Unread = 7 });
        pending!.Queues.Should().ContainSingle().Which.Should().Be(new PendingQueue { Kind = "Delayed", QueueId = 5, Count = 24, LastDueTimestampMs = 1_800_000_000_000 });
        broker.Received.Should().ContainSingle().Which.ExtFields.Should().Contain("topic", "T").And.Contain("fromQueueId", "4");
    }

    [Fact]
    public async Task GetGroupSummaries_AreRead()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetGroupSummaries, FakePeer.Body("{\"groups\":{\"g\":{\"members\":2,\"lags\":{\"T\":7}},\"h\":{\"members\":0,\"lags\":{}}}}")));
        await using RocketMqAdmin admin = Admin(broker.Address);

        IReadOnlyDictionary<string, GroupSummary>? summaries = await admin.GetGroupSummariesAsync(broker.Address, ["g", "h"]);

        summaries!["g"].Should().BeEquivalentTo(new { Members = 2, Lags = new Dictionary<string, long> { ["T"] = 7 } });
        summaries["h"].Should().BeEquivalentTo(new { Members = 0, Lags = new Dictionary<string, long>() });
        Encoding.UTF8.GetString(broker.Received.Single().Body.Span).Should().Be("{\"groups\":[\"g\",\"h\"]}");
    }

    [Fact]
    public async Task GetGroupSummaries_BrokerDoesNotKnowTheRequest_IsNull()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetGroupSummaries, FakePeer.Code(ResponseCode.RequestCodeNotSupported, " request type 560002 not supported")));
        await using RocketMqAdmin admin = Admin(broker.Address);

        (await admin.GetGroupSummariesAsync(broker.Address, ["g"])).Should().BeNull();
    }

    [Fact]
    public async Task GetPendingMessages_BrokerDoesNotKnowTheRequest_IsNull()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetPendingMessages, FakePeer.Code(ResponseCode.RequestCodeNotSupported, " request type 560001 not supported")));
        await using RocketMqAdmin admin = Admin(broker.Address);

        (await admin.GetPendingMessagesAsync(broker.Address, "T")).Should().BeNull("nothing is known, which is not the same as nothing waits");
    }

    [Fact]
    public async Task GetTopicStats_BeanKeys_AreRead()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetTopicStatsInfo, FakePeer.Body(
            "{\"offsetTable\":{{\"brokerName\":\"b\",\"queueId\":0,\"topic\":\"T\"}:{\"lastUpdateTimestamp\":17,\"maxOffset\":10,\"minOffset\":2},{\"brokerName\":\"b\",\"queueId\":1,\"topic\":\"T\"}:{\"lastUpdateTimestamp\":0,\"maxOffset\":0,\"minOffset\":0}},\"topicPutTps\":0.0}")));
        await using RocketMqAdmin admin = Admin(string.Empty);

        TopicStats stats = await admin.GetTopicStatsAsync(broker.Address, "T");

        stats.Queues.Should().HaveCount(2);
        stats.Queues[new MessageQueue("T", "b", 0)].Should().Be(new QueueOffsets { MinOffset = 2, MaxOffset = 10, LastUpdateTimestampMs = 17 });
    }

    [Fact]
    public async Task GetTopicConfig_BrokerWithoutRequest351_FallsBackToWholeTable()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetAllTopicConfig, FakePeer.Body(
            "{\"dataVersion\":{\"counter\":1,\"timestamp\":5},\"topicConfigTable\":{\"T\":{\"order\":false,\"perm\":4,\"readQueueNums\":3,\"topicFilterType\":\"SINGLE_TAG\",\"topicName\":\"T\",\"topicSysFlag\":0,\"writeQueueNums\":2}}}")));
        await using RocketMqAdmin admin = Admin(string.Empty);

        TopicConfig? topic = await admin.GetTopicConfigAsync(broker.Address, "T");

        topic.Should().Be(new TopicConfig { Name = "T", ReadQueues = 3, WriteQueues = 2, Permission = TopicPermission.Read });
        (await admin.GetTopicConfigAsync(broker.Address, "U")).Should().BeNull();
    }

    [Fact]
    public async Task CreateOrUpdateTopic_Refused_ThrowsWithCodeAndWords()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.UpdateAndCreateTopic, FakePeer.Code(ResponseCode.InvalidParameter, "bad name")));
        await using RocketMqAdmin admin = Admin(string.Empty);

        Func<Task> create = () => admin.CreateOrUpdateTopicAsync(broker.Address, new TopicConfig { Name = "T", Attributes = new Dictionary<string, string>(StringComparer.Ordinal) { ["message.type"] = "FIFO" } });

        RocketMqException refusal = (await create.Should().ThrowAsync<RocketMqException>()).Which;
        refusal.ResponseCode.Should().Be(ResponseCode.InvalidParameter);
        refusal.Message.Should().Be($"{broker.Address} answered 29: bad name");
        broker.Received.Should().ContainSingle().Which.ExtFields.Should().BeEquivalentTo(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["topic"] = "T",
            ["defaultTopic"] = "TBW102",
            ["readQueueNums"] = "8",
            ["writeQueueNums"] = "8",
            ["perm"] = "6",
            ["topicFilterType"] = "SINGLE_TAG",
            ["topicSysFlag"] = "0",
            ["order"] = "false",
            ["attributes"] = "+message.type=FIFO",
        });
    }

    [Fact]
    public async Task AskNameServer_FirstDoesNotAnswer_TakesTheNextAndKeepsIt()
    {
        await using FakePeer gone = await FakePeer.StartAsync();
        await using FakePeer alive = await FakePeer.StartAsync((RequestCode.GetAllTopicListFromNameServer, FakePeer.Body("{\"topicList\":[\"T\"]}")));
        string goneAddress = gone.Address;
        await gone.DisposeAsync();
        await using RocketMqAdmin admin = Admin(goneAddress + ";" + alive.Address);

        for (int i = 0; i < 4; i++)
        {
            (await admin.GetTopicNamesAsync()).Should().Equal("T");
        }
    }

    [Theory]
    [InlineData("2026-11-20T18:00:00Z", "1795197600000")]
    [InlineData("1960-01-01T00:00:00Z", "0")]
    [InlineData(null, "-1")]
    public async Task ResetConsumerOffsets_GroupIsOnline_SaysWhereItGoesOn(string? time, string timestamp)
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.InvokeBrokerToResetOffset, FakePeer.Body(
            """{"offsetTable":{{"brokerName":"b","queueId":1,"topic":"T"}:7,{"brokerName":"b","queueId":0,"topic":"T"}:5}}""")));
        await using RocketMqAdmin admin = Admin(string.Empty);

        IReadOnlyDictionary<MessageQueue, long>? moved = await admin.ResetConsumerOffsetsAsync(broker.Address, "g", "T", time is null ? null : DateTimeOffset.Parse(time, CultureInfo.InvariantCulture));

        moved.Should().BeEquivalentTo(new Dictionary<MessageQueue, long> { [new MessageQueue("T", "b", 0)] = 5, [new MessageQueue("T", "b", 1)] = 7 });
        broker.Received.Should().ContainSingle().Which.ExtFields.Should().Contain("topic", "T").And.Contain("group", "g").And.Contain("timestamp", timestamp).And.Contain("isForce", "true");
    }

    [Fact]
    public async Task ResetConsumerOffsets_NobodyOnline_IsNull()
    {
        await using FakePeer offline = await FakePeer.StartAsync((RequestCode.InvokeBrokerToResetOffset, FakePeer.Code(ResponseCode.ConsumerNotOnline)));
        await using FakePeer refusing = await FakePeer.StartAsync((RequestCode.InvokeBrokerToResetOffset, FakePeer.Code(ResponseCode.SystemError, "THe consumer group <g> not exist")));
        await using RocketMqAdmin admin = Admin(string.Empty);

        (await admin.ResetConsumerOffsetsAsync(offline.Address, "g", "T", time: null)).Should().BeNull();
        await admin.Awaiting(it => it.ResetConsumerOffsetsAsync(refusing.Address, "g", "T", time: null)).Should().ThrowAsync<RocketMqException>().WithMessage("*THe consumer group <g> not exist*");
    }

    [Fact]
    public async Task DeleteTopicOnNameServers_OneOfTwoDown_TellsTheOtherAndThrows()
    {
        await using FakePeer gone = await FakePeer.StartAsync();
        await using FakePeer alive = await FakePeer.StartAsync((RequestCode.DeleteTopicInNameServer, FakePeer.Code(ResponseCode.Success)));
        string goneAddress = gone.Address;
        await gone.DisposeAsync();
        await using RocketMqAdmin admin = Admin(goneAddress + ";" + alive.Address);

        await FluentActions.Awaiting(() => admin.DeleteTopicOnNameServersAsync("T", "C")).Should().ThrowAsync<RocketMqException>().WithMessage("*" + goneAddress + "*");

        alive.Received.Should().ContainSingle().Which.ExtFields.Should().Contain("topic", "T").And.Contain("clusterName", "C");
    }

    [Fact]
    public async Task NameServerValues_ServersDiffer_NullWhereTheyDo()
    {
        await using FakePeer first = await FakePeer.StartAsync((RequestCode.GetKvListByNamespace, FakePeer.Body("{\"table\":{\"same\":\"a:8\",\"other\":\"a:8\",\"first\":\"a:8\"}}")));
        await using FakePeer second = await FakePeer.StartAsync((RequestCode.GetKvListByNamespace, FakePeer.Body("{\"table\":{\"same\":\"a:8\",\"other\":\"a:4\",\"second\":\"a:8\"}}")));
        await using FakePeer none = await FakePeer.StartAsync((RequestCode.GetKvListByNamespace, FakePeer.Code(ResponseCode.QueryNotFound)));
        await using RocketMqAdmin two = Admin(first.Address + ";" + second.Address);
        await using RocketMqAdmin three = Admin(none.Address + ";" + first.Address);

        (await two.GetNameServerValuesAsync("ORDER_TOPIC_CONFIG")).Should().BeEquivalentTo(new Dictionary<string, string?> { ["same"] = "a:8", ["other"] = null, ["first"] = null, ["second"] = null });
        (await three.GetNameServerValuesAsync("ORDER_TOPIC_CONFIG")).Should().HaveCount(3).And.OnlyContain(static pair => pair.Value == null);
        first.Received.Should().OnlyContain(static request => request.ExtFields!["namespace"] == "ORDER_TOPIC_CONFIG");
    }

    [Fact]
    public async Task NameServerValue_SetAndDeleted_OnEveryServer()
    {
        await using FakePeer first = await FakePeer.StartAsync((RequestCode.PutKvConfig, FakePeer.Code(ResponseCode.Success)), (RequestCode.DeleteKvConfig, FakePeer.Code(ResponseCode.Success)));
        await using FakePeer second = await FakePeer.StartAsync((RequestCode.PutKvConfig, FakePeer.Code(ResponseCode.Success)), (RequestCode.DeleteKvConfig, FakePeer.Code(ResponseCode.Success)));
        await using RocketMqAdmin admin = Admin(first.Address + ";" + second.Address);

        await admin.SetNameServerValueAsync("ORDER_TOPIC_CONFIG", "T", "a:8");
        await admin.DeleteNameServerValueAsync("ORDER_TOPIC_CONFIG", "T");

        foreach (FakePeer server in new[] { first, second })
        {
            server.Received.Select(static request => request.Code).Should().Equal(RequestCode.PutKvConfig, RequestCode.DeleteKvConfig);
            server.Received.First().ExtFields.Should().Contain("namespace", "ORDER_TOPIC_CONFIG").And.Contain("key", "T").And.Contain("value", "a:8");
        }
    }

    /// <summary>All of them have the time that one may take: none is asked only when another one has answered.</summary>
    [Fact]
    public async Task NameServers_AskedAtOnce()
    {
        TaskCompletionSource[] asked = [new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously)];
        await using FakePeer first = await FakePeer.StartSlowAsync((RequestCode.PutKvConfig, request => AnswerAsync(0, request)), (RequestCode.GetKvListByNamespace, request => AnswerAsync(0, request)));
        await using FakePeer second = await FakePeer.StartSlowAsync((RequestCode.PutKvConfig, request => AnswerAsync(1, request)), (RequestCode.GetKvListByNamespace, request => AnswerAsync(1, request)));
        await using RocketMqAdmin admin = Admin(first.Address + ";" + second.Address);

        await admin.SetNameServerValueAsync("ORDER_TOPIC_CONFIG", "T", "a:8");
        asked = [new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously)];
        (await admin.GetNameServerValuesAsync("ORDER_TOPIC_CONFIG")).Should().BeEmpty();

        async ValueTask<RemotingCommand?> AnswerAsync(int server, RemotingCommand request)
        {
            asked[server].TrySetResult();
            await asked[1 - server].Task;
            return RemotingCommand.CreateResponse(request, request.Code == RequestCode.PutKvConfig ? ResponseCode.Success : ResponseCode.QueryNotFound);
        }
    }

    [Fact]
    public async Task NobodyAnswers_Throws_NamingTheServers()
    {
        await using RocketMqAdmin admin = Admin("127.0.0.1:1");

        await FluentActions.Awaiting(() => admin.GetClusterInfoAsync()).Should().ThrowAsync<RocketMqException>().WithMessage("no name server of \"127.0.0.1:1\" answers*");
    }

    [Fact]
    public async Task BodyIsNoJson_Throws_RocketMqException()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetBrokerRuntimeInfo, FakePeer.Body("{\"table\":")));
        await using RocketMqAdmin admin = Admin(string.Empty);

        await FluentActions.Awaiting(() => admin.GetBrokerRuntimeInfoAsync(broker.Address)).Should().ThrowAsync<RocketMqException>().WithMessage("*no KeyValueTable*");
    }

    [Fact]
    public async Task UpdateBrokerConfig_AnyValue_ArrivesAsProperties()
    {
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.UpdateBrokerConfig, FakePeer.Code(ResponseCode.Success)));
        await using RocketMqAdmin admin = Admin(string.Empty);

        await admin.UpdateBrokerConfigAsync(broker.Address, new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "x=\\y" });

        Encoding.UTF8.GetString(broker.Received.Single().Body.Span).Should().Be("a=x=\\\\y\n");
    }

    private static RocketMqAdmin Admin(string nameServers) => new(new AdminOptions { NameServers = nameServers, ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline });
}
