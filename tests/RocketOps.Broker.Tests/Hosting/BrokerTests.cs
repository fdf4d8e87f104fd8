using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Tests.Support;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>What clients see of a broker, through a real connection.</summary>
public sealed class BrokerTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task Send_UnknownTopic_IsCreatedAfterTheTemplateAndAnswered()
    {
        RemotingCommand answer = await _broker.SendAsync("Fresh", "hello", queueId: 2, Requests.Properties(("UNIQ_KEY", "0A010209126718B4AAC2000186A00000"), ("TAGS", "A")));

        answer.Get("queueId").Should().Be("2");
        answer.Get("queueOffset").Should().Be("0");
        answer.Get("msgId").Should().StartWith("7F000001").And.HaveLength(32);
        answer.Get("transactionId").Should().Be("0A010209126718B4AAC2000186A00000");
        answer.Get("MSG_REGION").Should().Be("DefaultRegion");
        answer.Get("TRACE_ON").Should().Be("true");
        RemotingCommand config = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetTopicConfig).Set("topic", "Fresh"));
        Encoding.UTF8.GetString(config.Body.Span).Should().Contain("\"perm\":6").And.Contain("\"readQueueNums\":4").And.Contain("\"writeQueueNums\":4");
    }

    [Fact]
    public async Task Send_KnownTopic_AnswersAsTheFirstSendDid()
    {
        RemotingCommand first = await _broker.SendAsync("Twice", "one", properties: Requests.Properties(("UNIQ_KEY", "u1")));
        RemotingCommand second = await _broker.SendAsync("Twice", "two", properties: Requests.Properties(("UNIQ_KEY", "u2")));

        second.ExtFields!.Keys.Should().BeEquivalentTo(first.ExtFields!.Keys);
        second.Get("queueOffset").Should().Be("1");
    }

    [Theory]
    [InlineData("CLUSTER")]
    [InlineData("MSG_REGION")]
    [InlineData("TRACE_ON")]
    public async Task Send_MessageThatWasStoredBefore_BrokersPropertyIsReplaced(string name)
    {
        await _broker.SendAsync("Onward", "first");
        await _broker.SubscribeAsync("g", "Onward");

        RemotingCommand sent = await _broker.SendAsync("Onward", "again", properties: Requests.Properties(("KEYS", "k"), (name, "another"), ("UNIQ_KEY", "u")));

        sent.Get("transactionId").Should().Be("u");
        RemotingCommand pulled = await _broker.PullAsync("g", "Onward", 0, 1);
        Encoding.UTF8.GetString(pulled.Body.Span).Split(name + "\u0001").Should().HaveCount(2, "the property is there once");
        MessageProperties properties = Requests.Decode(pulled).Single().Properties;
        properties.Get("KEYS").Should().Be("k");
        properties.Get(name).Should().NotBeNull().And.NotBe("another");
    }

    [Fact]
    public async Task Send_DelayedAgain_TruePlaceIsWrittenOnce()
    {
        await _broker.CreateTopicAsync("LaterAgain", queues: 2);
        string properties = Requests.Properties(("DELAY", "18"), ("REAL_TOPIC", "Elsewhere"), ("REAL_QID", "7"));

        await _broker.SendAsync("LaterAgain", "x", queueId: 1, properties);

        RemotingCommand stored = await _broker.PullAsync("tools", "SCHEDULE_TOPIC_XXXX", 17, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*");
        Encoding.UTF8.GetString(stored.Body.Span).Split("REAL_TOPIC\u0001").Should().HaveCount(2);
        MessageProperties kept = Requests.Decode(stored).Single().Properties;
        kept.Get("REAL_TOPIC").Should().Be("LaterAgain");
        kept.Get("REAL_QID").Should().Be("1");
    }

    [Fact]
    public async Task Pull_SentMessages_ComeBackAsTheyWere()
    {
        string properties = Requests.Properties(("KEYS", "k€y"), ("ключ", "値 🚀"), ("TAGS", "A"));
        await _broker.SendAsync("Round", "body-1", properties: properties);
        await _broker.SendAsync("Round", "body-2", properties: properties);
        await _broker.SubscribeAsync("g", "Round");

        RemotingCommand answer = await _broker.PullAsync("g", "Round", 0, 0);

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        answer.Remark.Should().Be("FOUND");
        answer.Get("nextBeginOffset").Should().Be("2");
        answer.Get("minOffset").Should().Be("0");
        answer.Get("maxOffset").Should().Be("2");
        answer.Get("suggestWhichBrokerId").Should().Be("0");
        IReadOnlyList<Requests.Received> messages = Requests.Decode(answer);
        messages.Select(static message => message.Body).Should().Equal("body-1", "body-2");
        messages[0].Properties.Get("ключ").Should().Be("値 🚀");
        messages[0].Properties.Get("CLUSTER").Should().Be("DefaultCluster");
    }

    [Fact]
    public async Task Pull_TagSubscription_FiltersAndMovesOn()
    {
        foreach (string tag in (string[])["A", "B", "A", "C"])
        {
            await _broker.SendAsync("Tags", tag, properties: Requests.Properties(("TAGS", tag)));
        }

        await _broker.SubscribeAsync("g-a", "Tags", "A");
        await _broker.SubscribeAsync("g-x", "Tags", "X");

        RemotingCommand wanted = await _broker.PullAsync("g-a", "Tags", 0, 0);
        RemotingCommand nothing = await _broker.PullAsync("g-x", "Tags", 0, 0, PullMessageRequestHeader.SuspendFlag, 10_000);

        Requests.Decode(wanted).Select(static message => message.Body).Should().Equal("A", "A");
        nothing.Code.Should().Be(ResponseCode.PullRetryImmediately);
        nothing.Get("nextBeginOffset").Should().Be("4");
    }

    [Fact]
    public async Task Pull_NothingThere_WaitsUntilAMatchingMessageArrives()
    {
        await _broker.CreateTopicAsync("Wait", queues: 2);
        await _broker.SubscribeAsync("g", "Wait", "A");
        Task<RemotingCommand> pull = _broker.PullAsync("g", "Wait", 1, 0, PullMessageRequestHeader.SuspendFlag, 60_000);
        await Eventually.TrueAsync(() => _broker.Host.Parts.ParkedPulls.Count == 1, "the pull is parked");

        await _broker.SendAsync("Wait", "other queue", queueId: 0, Requests.Properties(("TAGS", "A")));
        await _broker.SendAsync("Wait", "other tag", queueId: 1, Requests.Properties(("TAGS", "B")));
        pull.IsCompleted.Should().BeFalse();
        await _broker.SendAsync("Wait", "wanted", queueId: 1, Requests.Properties(("TAGS", "A")));

        RemotingCommand answer = await pull;
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        Requests.Decode(answer).Select(static message => message.Body).Should().Equal("wanted");
        _broker.Host.Parts.ParkedPulls.Count.Should().Be(0);
    }

    [Fact]
    public async Task Pull_OnlyUnwantedMessagesArrive_IsAnsweredBeforeItsTimeSoThatProgressFollows()
    {
        await _broker.CreateTopicAsync("Unwanted");
        await _broker.SubscribeAsync("g", "Unwanted", "A");
        Task<RemotingCommand> pull = _broker.PullAsync("g", "Unwanted", 0, 0, PullMessageRequestHeader.SuspendFlag, 180_000);
        await Eventually.TrueAsync(() => _broker.Host.Parts.ParkedPulls.Count == 1, "the pull is parked");

        await _broker.SendAsync("Unwanted", "other tag", queueId: 0, Requests.Properties(("TAGS", "B")));

        RemotingCommand answer = await pull;
        answer.Code.Should().Be(ResponseCode.PullRetryImmediately);
        answer.Get("nextBeginOffset").Should().Be("1");
    }

    [Fact]
    public async Task Pull_WaitEnds_AnswersNotFoundAtTheSameOffset()
    {
        await _broker.SendAsync("Ends", "one");
        await _broker.SubscribeAsync("g", "Ends");

        RemotingCommand answer = await _broker.PullAsync("g", "Ends", 0, 1, PullMessageRequestHeader.SuspendFlag, 100);

        answer.Code.Should().Be(ResponseCode.PullNotFound);
        answer.Get("nextBeginOffset").Should().Be("1");
        answer.Get("minOffset").Should().Be("0");
        answer.Get("maxOffset").Should().Be("1");
    }

    [Fact]
    public async Task Pull_SeveralWaitsOneAfterAnother_AllEnd()
    {
        await _broker.CreateTopicAsync("Waits", queues: 2);
        await _broker.SubscribeAsync("g", "Waits");

        Task<RemotingCommand> longer = _broker.PullAsync("g", "Waits", 0, 0, PullMessageRequestHeader.SuspendFlag, 1_200);
        RemotingCommand first = await _broker.PullAsync("g", "Waits", 1, 0, PullMessageRequestHeader.SuspendFlag, 50);
        RemotingCommand second = await longer;
        RemotingCommand afterNobodyWaited = await _broker.PullAsync("g", "Waits", 1, 0, PullMessageRequestHeader.SuspendFlag, 50);

        new[] { first, second, afterNobodyWaited }.Select(static answer => answer.Code).Should().AllBeEquivalentTo(ResponseCode.PullNotFound);
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

    [Theory]
    [InlineData(5, ResponseCode.PullOffsetMoved, "1")]
    [InlineData(1, ResponseCode.PullNotFound, "1")]
    public async Task Pull_OffsetBeyondTheEnd_IsCorrected(long offset, int code, string next)
    {
        await _broker.SendAsync("Beyond", "one");
        await _broker.SubscribeAsync("g", "Beyond");

        RemotingCommand answer = await _broker.PullAsync("g", "Beyond", 0, offset);

        answer.Code.Should().Be(code);
        answer.Get("nextBeginOffset").Should().Be(next);
    }

    [Fact]
    public async Task Pull_EmptyQueueStaleOffset_IsMovedToZeroNotHeld()
    {
        await _broker.CreateTopicAsync("Empty");
        await _broker.SubscribeAsync("g", "Empty");

        RemotingCommand answer = await _broker.PullAsync("g", "Empty", 0, 9, PullMessageRequestHeader.SuspendFlag, 60_000);

        answer.Code.Should().Be(ResponseCode.PullOffsetMoved);
        answer.Get("nextBeginOffset").Should().Be("0");
    }

    [Fact]
    public async Task Pull_CommitFlag_StoresTheOffset()
    {
        await _broker.SendAsync("Commit", "one");
        await _broker.SubscribeAsync("g", "Commit");

        await _broker.PullAsync("g", "Commit", 0, 0, PullMessageRequestHeader.CommitOffsetFlag, commit: 1);

        RemotingCommand offset = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.QueryConsumerOffset).Set("consumerGroup", "g").Set("topic", "Commit").Set("queueId", 0));
        offset.Get("offset").Should().Be("1");
    }

    [Fact]
    public async Task Pull_BeforeTheHeartbeat_IsRefusedUntilItCame()
    {
        await _broker.SendAsync("Late", "one");

        (await _broker.PullAsync("late-group", "Late", 0, 0)).Code.Should().Be(ResponseCode.SubscriptionNotExist);
        await _broker.SubscribeAsync("late-group", "Late");
        (await _broker.PullAsync("late-group", "Late", 0, 0)).Code.Should().Be(ResponseCode.Success);
    }

    [Theory]
    [InlineData(5, "TAG", ResponseCode.Success, "a")]
    [InlineData(6, "TAG", ResponseCode.Success, "a,b")]
    [InlineData(6, "SQL92", ResponseCode.SubscriptionNotLatest, "")]
    public async Task Pull_OfAJavaClientWhoseHeartbeatHadVersion5_NewerIsServedUnfilteredWhereItFiltersItself(long version, string type, int code, string bodies)
    {
        await _broker.SendAsync("Newer", "a", properties: Requests.Properties(("TAGS", "A")));
        await _broker.SendAsync("Newer", "b", properties: Requests.Properties(("TAGS", "B")));
        RemotingCommand pull = Requests.Pull("java-group", "Newer", 0, 0).Set("subVersion", version).Set("expressionType", type);
        // Plain frames name Java as their language.
        await using RawConnection java = await RawConnection.ConnectAsync(_broker.Address);
        await java.RequestAsync(RequestCode.HeartBeat, body: TestBroker.Heartbeat("java-group", "Newer", "A", "java-client", version: 5));

        RawFrame answer = await java.RequestAsync(RequestCode.PullMessage, pull.ExtFields);

        answer.Code.Should().Be(code);
        RawMessage.DecodeAll(answer.Body).Select(static message => Encoding.UTF8.GetString(message.Body.Span)).Should().Equal(bodies.Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Pull_OfAnotherClientNewerThanItsHeartbeat_IsRefusedUntilTheNextOne()
    {
        await _broker.SendAsync("Refused", "a");
        RemotingCommand pull = Requests.Pull("other-group", "Refused", 0, 0).Set("subVersion", 6L);
        await _broker.SubscribeAsync("other-group", "Refused", version: 5);

        RemotingCommand before = await _broker.InvokeAsync(pull);
        await _broker.SubscribeAsync("other-group", "Refused", version: 6);
        RemotingCommand after = await _broker.InvokeAsync(pull);

        before.Code.Should().Be(ResponseCode.SubscriptionNotLatest);
        after.Code.Should().Be(ResponseCode.Success, after.Remark);
    }

    [Fact]
    public async Task Pull_SubscriptionInTheRequest_NeedsNoHeartbeat()
    {
        await _broker.SendAsync("Own", "a", properties: Requests.Properties(("TAGS", "A")));
        await _broker.SendAsync("Own", "b", properties: Requests.Properties(("TAGS", "B")));

        RemotingCommand answer = await _broker.PullAsync("own-group", "Own", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "B");

        Requests.Decode(answer).Select(static message => message.Body).Should().Equal("b");
    }

    [Fact]
    public async Task Pull_LargeMessages_ComeWhole()
    {
        string large = new('x', 1_000_000);
        await _broker.SendAsync("Large", large);
        await _broker.SubscribeAsync("g", "Large");

        Requests.Decode(await _broker.PullAsync("g", "Large", 0, 0)).Should().ContainSingle().Which.Body.Should().Be(large);
    }

    [Fact]
    public async Task Pull_OlderThanTheMemoryTail_ComesFromTheFiles()
    {
        // 24 MiB over two log files of 16 MiB, more than the tail of 16 MiB holds.
        for (int i = 0; i < 24; i++)
        {
            await _broker.SendAsync("Old", $"{i:00}{new string('x', 1024 * 1024)}");
        }

        await _broker.SubscribeAsync("g", "Old");
        for (int i = 0; i < 24; i++)
        {
            RemotingCommand answer = await _broker.PullAsync("g", "Old", 0, i, max: 1);
            answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
            Requests.Decode(answer)[0].Body.Should().StartWith($"{i:00}").And.HaveLength(2 + (1024 * 1024));
        }
    }

    [Fact]
    public async Task SendBatch_Messages_AreConsecutiveAndEachHasAnId()
    {
        await _broker.CreateTopicAsync("Batch");
        RemotingCommand request = Requests.Send("Batch", string.Empty).Set("m", true);
        request.Code = RequestCode.SendBatchMessage;
        request.Body = Requests.Batch("one", "two", "three");

        RemotingCommand answer = await _broker.InvokeAsync(request);

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        answer.Get("msgId")!.Split(',').Should().HaveCount(3).And.OnlyHaveUniqueItems();
        answer.Get("queueOffset").Should().Be("0");
        await _broker.SubscribeAsync("g", "Batch");
        Requests.Decode(await _broker.PullAsync("g", "Batch", 0, 0)).Select(static message => message.Body).Should().Equal("one", "two", "three");
    }

    [Fact]
    public async Task SendBatch_BrokenBody_IsRefusedAndStoresNothing()
    {
        await _broker.CreateTopicAsync("Broken");
        RemotingCommand request = Requests.Send("Broken", "no batch at all").Set("m", true);

        (await _broker.InvokeAsync(request)).Code.Should().Be(ResponseCode.MessageIllegal);
        (await OffsetAsync(RequestCode.GetMaxOffset, "Broken")).Should().Be("0");
    }

    [Fact]
    public async Task SendOneWay_Message_IsStoredWithoutAnAnswer()
    {
        await _broker.CreateTopicAsync("OneWay");

        await _broker.InvokeOneWayAsync(Requests.Send("OneWay", "quiet"));

        await Eventually.TrueAsync(async () => await OffsetAsync(RequestCode.GetMaxOffset, "OneWay") == "1", "the message is stored");
    }

    [Theory]
    [InlineData("SCHEDULE_TOPIC_XXXX", ResponseCode.NoPermission)]
    [InlineData("bad topic", ResponseCode.InvalidParameter)]
    [InlineData("%RETRY%nobody", ResponseCode.SubscriptionGroupNotExist)]
    public async Task Send_ForbiddenTopic_IsRefused(string topic, int code) => (await _broker.InvokeAsync(Requests.Send(topic, "x"))).Code.Should().Be(code);

    [Fact]
    public async Task Send_QueueOutOfRange_IsRefusedNegativeIsChosen()
    {
        await _broker.CreateTopicAsync("Queues", queues: 2);

        (await _broker.InvokeAsync(Requests.Send("Queues", "x", queueId: 2))).Code.Should().Be(ResponseCode.InvalidParameter);
        RemotingCommand chosen = await _broker.SendAsync("Queues", "x", queueId: -1);
        chosen.Get("queueId").Should().BeOneOf("0", "1");
    }

    [Theory]
    [InlineData("TRAN_MSG", "true", ResponseCode.NoPermission)]
    [InlineData("TIMER_DELAY_SEC", "5", ResponseCode.SystemError)]
    public async Task Send_WhatIsNotDoneYet_IsRefusedNotStored(string property, string value, int code)
    {
        await _broker.CreateTopicAsync("NotYet");

        (await _broker.InvokeAsync(Requests.Send("NotYet", "x", properties: Requests.Properties((property, value))))).Code.Should().Be(code);
        (await OffsetAsync(RequestCode.GetMaxOffset, "NotYet")).Should().Be("0");
    }

    [Fact]
    public async Task Send_BodyBeyondTheLimit_IsRefused() =>
        (await _broker.InvokeAsync(Requests.Send("TooLarge", new string('x', (4 * 1024 * 1024) + 1)))).Code.Should().Be(ResponseCode.MessageIllegal);

    [Fact]
    public async Task Send_MissingField_IsRefusedByName()
    {
        RemotingCommand request = Requests.Send("T", "x");
        request.ExtFields!.Remove("b");

        RemotingCommand answer = await _broker.InvokeAsync(request);

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Contain("topic");
    }

    [Fact]
    public async Task AnyCode_Unknown_GetsRocketMqsAnswer()
    {
        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(9999));

        answer.Code.Should().Be(ResponseCode.RequestCodeNotSupported);
        answer.Remark.Should().Be(" request type 9999 not supported");
    }

    [Fact]
    public async Task Send_Delayed_ArrivesLaterWithItsOwnPlace()
    {
        await _broker.CreateTopicAsync("Delayed", queues: 2);
        await _broker.SubscribeAsync("g", "Delayed");

        await _broker.SendAsync("Delayed", "later", queueId: 1, Requests.Properties(("DELAY", "1"), ("TAGS", "A")));
        (await OffsetAsync(RequestCode.GetMaxOffset, "Delayed", 1)).Should().Be("0");
        RemotingCommand answer = await _broker.PullAsync("g", "Delayed", 1, 0, PullMessageRequestHeader.SuspendFlag, 60_000);

        Requests.Received message = Requests.Decode(answer).Should().ContainSingle().Subject;
        message.Body.Should().Be("later");
        message.Properties.Get("DELAY").Should().BeNull();
        message.Properties.Get("REAL_TOPIC").Should().Be("Delayed");
        message.QueueId.Should().Be(1);
    }

    [Fact]
    public async Task SendBack_Message_GoesThroughTheRetryTopicAndThenToDeadLetters()
    {
        await _broker.SendAsync("Fails", "work");
        await _broker.SubscribeAsync("g", "Fails");
        Requests.Received original = Requests.Decode(await _broker.PullAsync("g", "Fails", 0, 0)).Single();

        (await SendBackAsync(original.PhysicalOffset, delayLevel: 1)).Code.Should().Be(ResponseCode.Success);
        Requests.Received retried = Requests.Decode(
            await _broker.PullAsync("g", "%RETRY%g", 0, 0, PullMessageRequestHeader.SuspendFlag | PullMessageRequestHeader.SubscriptionFlag, 15_000, subscription: "*")).Single();
        (await SendBackAsync(retried.PhysicalOffset, delayLevel: 0)).Code.Should().Be(ResponseCode.Success);
        Requests.Received dead = Requests.Decode(
            await _broker.PullAsync("g", "%DLQ%g", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*")).Single();

        retried.ReconsumeTimes.Should().Be(1);
        retried.Properties.Get("RETRY_TOPIC").Should().Be("Fails");
        dead.Body.Should().Be("work");
        dead.ReconsumeTimes.Should().Be(2);
        dead.Properties.Get("ORIGIN_MESSAGE_ID").Should().Be(retried.Properties.Get("ORIGIN_MESSAGE_ID")).And.HaveLength(32);
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
            RemotingCommand heartbeat = RemotingCommand.CreateRequest(RequestCode.HeartBeat);
            heartbeat.Body = Encoding.UTF8.GetBytes(
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
        _broker.Host.Parts.ConsumerOffsets.TopicsOf("g").Should().BeEmpty();
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
        await _broker.SendAsync("Stats", "x");

        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetTopicStatsInfo).Set("topic", "Stats"));

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
        refused.Remark.Should().Contain("brokerName").And.Contain("start");

        RemotingCommand blackListed = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        blackListed.Body = "configBlackList=\n"u8.ToArray();
        (await _broker.InvokeAsync(blackListed)).Code.Should().Be(ResponseCode.NoPermission);
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

    private async Task<string?> OffsetAsync(int code, string topic, int queueId = 0) =>
        (await _broker.InvokeAsync(RemotingCommand.CreateRequest(code).Set("topic", topic).Set("queueId", queueId))).Get("offset");

    private Task<RemotingCommand> SendBackAsync(long offset, int delayLevel) => _broker.InvokeAsync(
        RemotingCommand.CreateRequest(RequestCode.ConsumerSendMessageBack).Set("offset", offset).Set("group", "g").Set("delayLevel", delayLevel).Set("maxReconsumeTimes", 1));

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
