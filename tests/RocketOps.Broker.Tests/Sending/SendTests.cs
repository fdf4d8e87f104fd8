using System.Text;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Testing.Time;
using RocketOps.Testing;
using RocketOps.Testing.Memory;

namespace RocketOps.Broker.Tests.Sending;

/// <summary>What producers see of a broker, through a real connection.</summary>
public sealed class SendTests : IAsyncLifetime
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
    public async Task SendBatch_Messages_AreConsecutiveAndEachHasAnId()
    {
        await _broker.CreateTopicAsync("Batch");

        RemotingCommand answer = await _broker.InvokeAsync(Requests.SendBatch("Batch", ["one", "two", "three"]));

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
    [InlineData("rmq_sys_wheel_timer", ResponseCode.NoPermission)]
    [InlineData("rmq_sys_undeliverable", ResponseCode.NoPermission)]
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

    [Fact]
    public async Task Send_WithATimeOfDelivery_WaitsElsewhere()
    {
        await _broker.CreateTopicAsync("NotYet");

        await _broker.SendAsync("NotYet", "x", properties: Requests.Properties(("TIMER_DELAY_SEC", "3600")));

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
    public async Task Send_Delayed_ArrivesLaterWithItsOwnPlace()
    {
        MovedTime time = new();
        await using TestBroker broker = await TestBroker.StartAsync(time: time);
        await broker.CreateTopicAsync("Delayed", queues: 2);
        await broker.SubscribeAsync("g", "Delayed");

        using (time.Hold())
        {
            await broker.SendAsync("Delayed", "later", queueId: 1, Requests.Properties(("DELAY", "1"), ("TAGS", "A")));
            RemotingCommand end = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetMaxOffset).Set("topic", "Delayed").Set("queueId", 1));
            end.Get("offset").Should().Be("0");
        }

        RemotingCommand answer = await broker.PullAsync("g", "Delayed", 1, 0, PullMessageRequestHeader.SuspendFlag, 60_000);

        Requests.Received message = Requests.Decode(answer).Should().ContainSingle().Subject;
        message.Body.Should().Be("later");
        message.Properties.Get("DELAY").Should().Be("1", "RocketMQ leaves it, too");
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
            await _broker.PullAsync("g", "%RETRY%g", 0, 0, PullMessageRequestHeader.SuspendFlag | PullMessageRequestHeader.SubscriptionFlag, 60_000, subscription: "*")).Single();
        (await SendBackAsync(retried.PhysicalOffset, delayLevel: 0)).Code.Should().Be(ResponseCode.Success);
        Requests.Received dead = Requests.Decode(
            await _broker.PullAsync("g", "%DLQ%g", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*")).Single();

        retried.ReconsumeTimes.Should().Be(1);
        retried.Properties.Get("RETRY_TOPIC").Should().Be("Fails");
        dead.Body.Should().Be("work");
        dead.ReconsumeTimes.Should().Be(2);
        dead.Properties.Get("ORIGIN_MESSAGE_ID").Should().Be(retried.Properties.Get("ORIGIN_MESSAGE_ID")).And.HaveLength(32);
    }

    /// <summary>What a retry adds has no room: it is a dead letter as it is, and not tried for ever.</summary>
    [Fact]
    public async Task SendBack_PropertiesLeaveNoRoom_GoesToDeadLettersAsItIs()
    {
        await _broker.SendAsync("Fails", "first");
        await _broker.SubscribeAsync("g", "Fails");
        string large = new('v', 32_700);
        OwnedMessage message = new()
        {
            Topic = _broker.Host.Modules.Host.Store.GetOrAddTopic("Fails"u8),
            QueueId = 0,
            Body = "full"u8.ToArray(),
            Properties = Encoding.UTF8.GetBytes(Requests.Properties(("k", large))),
        };
        AppendOutcome stored = await _broker.Host.Modules.Messages.Appender.AppendAsync(message, waitForDisk: true);
        stored.IsOk.Should().BeTrue();

        (await SendBackAsync(stored.Result.Offset.Value, delayLevel: 1)).Code.Should().Be(ResponseCode.Success);

        Requests.Received dead = Requests.Decode(await _broker.PullAsync("g", "%DLQ%g", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*")).Should().ContainSingle().Subject;
        (dead.Body, dead.ReconsumeTimes, dead.Properties.Get("k")).Should().Be(("full", 1, large));
        dead.Properties.Get("RETRY_TOPIC").Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("DELAY\u00011\u0002")]
    [InlineData("TIMER_DELAY_MS\u00013600000\u0002")]
    [InlineData("TRAN_MSG\u0001true\u0002")]
    [InlineData("CLUSTER\u0001another\u0002")]
    public async Task Send_PropertiesLeaveNoRoomForTheBrokers_IsRefused_AndWithRoomItIsTaken(string kind)
    {
        await _broker.CreateTopicAsync("Full");

        RemotingCommand refused = await _broker.InvokeAsync(Requests.Send("Full", "x", properties: kind + Requests.Properties(("k", new string('v', 32_400)))));
        RemotingCommand taken = await _broker.InvokeAsync(Requests.Send("Full", "x", properties: kind + Requests.Properties(("k", new string('v', 31_900)))));

        refused.Code.Should().Be(ResponseCode.MessageIllegal);
        refused.Remark.Should().EndWith("of which 544 bytes are kept for what is added when a message waits or is given back.");
        taken.Code.Should().Be(ResponseCode.Success, taken.Remark);
    }

    /// <summary>The room that was kept at its send is for what its consumer has added by now.</summary>
    [Fact]
    public async Task Send_ToTheRetryTopicByTheClient_MayUseTheRoomThatWasKept()
    {
        await _broker.SubscribeAsync("g", "Full");
        (string, string)[] retry = [("RETRY_TOPIC", new string('t', 127)), ("ORIGIN_MESSAGE_ID", new string('0', 56)), ("WAIT", "false"), ("DELAY", "18")];

        RemotingCommand taken = await _broker.InvokeAsync(Requests.Send("%RETRY%g", "x", properties: Requests.Properties([("k", new string('v', 32_190)), .. retry])).Set("j", 1));

        taken.Code.Should().Be(ResponseCode.Success, taken.Remark);
    }

    [Fact]
    public async Task SendBatch_PropertiesOfOneLeaveNoRoomForTheBrokers_IsRefused()
    {
        await _broker.CreateTopicAsync("Full");
        RemotingCommand request = Requests.SendBatch("Full", []);
        byte[] properties = Encoding.UTF8.GetBytes(Requests.Properties(("k", new string('v', 32_400))));
        request.Body = (byte[])[0, 0, .. Int16(22 + 1 + properties.Length), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, (byte)'x', .. Int16(properties.Length), .. properties];

        RemotingCommand refused = await _broker.InvokeAsync(request);

        refused.Code.Should().Be(ResponseCode.MessageIllegal);
        refused.Remark.Should().EndWith("of which 544 bytes are kept for what is added when a message waits or is given back.");

        static byte[] Int16(int number) => [(byte)(number >> 8), (byte)number];
    }

    [Fact]
    public async Task Send_MessageThatWasStoredBefore_KeepsAllElseOfManyProperties()
    {
        (string Name, string Value)[] own = [.. Enumerable.Range(0, 2_000).Select(static i => ($"k{i}", $"{i}"))];
        await _broker.SubscribeAsync("g", "Many");

        await _broker.SendAsync("Many", "x", properties: Requests.Properties([("REAL_TOPIC", "Elsewhere"), .. own, ("TRACE_ON", "false"), ("CLUSTER", "another")]).TrimEnd('\u0002'));

        MessageProperties stored = Requests.Decode(await _broker.PullAsync("g", "Many", 0, 0)).Single().Properties;
        own.Should().OnlyContain(pair => stored.Get(pair.Name) == pair.Value);
        (stored.Get("TRACE_ON"), stored.Get("CLUSTER"), stored.Get("REAL_TOPIC")).Should().Be(("true", "DefaultCluster", "Elsewhere"));
    }

    /// <summary>On a connection's loop: the text once more and what is added, and no object for a property.</summary>
    [Fact]
    public async Task Rewrite_ManyProperties_AllocatesTheTextAndNothingForEachOfThem()
    {
        await _broker.CreateTopicAsync("Many");
        _broker.Host.Modules.Topics.Topics.TryGet("Many", out TopicState? topic).Should().BeTrue();
        byte[] encoded = Encoding.UTF8.GetBytes(Requests.Properties([("REAL_TOPIC", "Elsewhere"), .. Enumerable.Range(0, 2_000).Select(static i => ($"k{i}", $"{i}")), ("CLUSTER", "another")]));
        long twice = (2 * encoded.Length) + 1024;

        long allocated = Allocations.Least(() => new SendRoute(topic!, queueId: 0, delayLevel: 0).Rewrite(encoded), twice);

        allocated.Should().BeInRange(encoded.Length, twice);
    }

    [Fact]
    public async Task Send_ToTheRetryTopicByTheClient_AttemptsUsedUp_IsADeadLetterAtOnce()
    {
        await _broker.SubscribeAsync("g", "Fails");
        RemotingCommand retry = Requests.Send("%RETRY%g", "work", properties: Requests.Properties(("DELAY", "3"), ("RETRY_TOPIC", "Fails"), ("KEYS", "k"), ("UNIQ_KEY", "u")))
            .Set("j", 3).Set("l", 2);

        // The first makes the dead-letter topic off the connection's loop, the second finds it there.
        RemotingCommand first = await _broker.InvokeAsync(retry);
        RemotingCommand second = await _broker.InvokeAsync(retry);

        first.Code.Should().Be(ResponseCode.Success, first.Remark);
        second.ExtFields!.Keys.Should().BeEquivalentTo(first.ExtFields!.Keys);
        (second.Get("queueId"), second.Get("queueOffset"), second.Get("transactionId")).Should().Be(("0", "1", "u"));
        IReadOnlyList<Requests.Received> dead = Requests.Decode(
            await _broker.PullAsync("g", "%DLQ%g", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*"));
        dead.Select(static message => (message.Body, message.ReconsumeTimes, message.Properties.Get("DELAY"), message.Properties.Get("KEYS"), message.Properties.Get("REAL_TOPIC")))
            .Should().Equal(("work", 3, "-1", "k", null), ("work", 3, "-1", "k", null));
    }

    [Fact]
    public async Task Send_ToTheRetryTopicByTheClient_AttemptsLeft_WaitsForItsDelay()
    {
        await _broker.SubscribeAsync("g", "Fails");

        RemotingCommand answer = await _broker.InvokeAsync(
            Requests.Send("%RETRY%g", "work", properties: Requests.Properties(("DELAY", "18"), ("RETRY_TOPIC", "Fails"))).Set("j", 2).Set("l", 2));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        Requests.Received waiting = Requests.Decode(
            await _broker.PullAsync("tools", "SCHEDULE_TOPIC_XXXX", 17, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*")).Single();
        waiting.Properties.Get("REAL_TOPIC").Should().Be("%RETRY%g");
        (await OffsetAsync(RequestCode.GetMaxOffset, "%RETRY%g")).Should().Be("0");
    }

    private async Task<string?> OffsetAsync(int code, string topic, int queueId = 0) =>
        (await _broker.InvokeAsync(RemotingCommand.CreateRequest(code).Set("topic", topic).Set("queueId", queueId))).Get("offset");

    private Task<RemotingCommand> SendBackAsync(long offset, int delayLevel) => _broker.InvokeAsync(
        Requests.SendBack("g", offset, delayLevel, maxReconsumeTimes: 1));
}
