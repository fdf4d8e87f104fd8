using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Groups;

/// <summary>What tools ask about groups and change of their offsets, and what the broker asks their members for.</summary>
public sealed class GroupQuestionsTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private TestBroker _broker = null!;

    public async Task InitializeAsync()
    {
        _broker = await TestBroker.StartAsync(time: _time);
        await _broker.CreateTopicAsync("T", queues: 2);
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task UpdateGroup_Attributes_AreChangesToThoseThatAreThere()
    {
        (await UpdateAsync("""{"groupName":"attributed","attributes":{"+priority.factor":"1","lite.bind.topic":"P"}}""")).Code.Should().Be(ResponseCode.Success);
        (await UpdateAsync("""{"groupName":"attributed","attributes":{"-priority.factor":"","+lite.sub.client.quota":"-1"}}""")).Code.Should().Be(ResponseCode.Success);
        (await UpdateAsync("""{"groupName":"attributed","retryMaxTimes":4}""")).Code.Should().Be(ResponseCode.Success);
        (await UpdateAsync("""{"groupName":"attributed","retryMaxTimes":5,"attributes":{"+":"1"}}""")).Code.Should().Be(ResponseCode.InvalidParameter);

        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetSubscriptionGroupConfig).Set("group", "attributed"));

        using JsonDocument group = JsonDocument.Parse(answer.Body);
        group.RootElement.GetProperty("attributes").GetRawText().Should().Be("""{"lite.bind.topic":"P","lite.sub.client.quota":"-1"}""");
        group.RootElement.GetProperty("retryMaxTimes").GetInt32().Should().Be(4);
    }

    [Theory]
    [InlineData("priority.facter", "50", "unsupported key: priority.facter")]
    [InlineData("priority.factor", "101", "value is not in range(0, 100) (priority.factor: 101)")]
    [InlineData("priority.factor", "half", "value is not in range(0, 100) (priority.factor: half)")]
    [InlineData("lite.sub.model", "shared", "value is not in set: [Shared, Exclusive] (lite.sub.model: shared)")]
    [InlineData("lite.sub.client.quota", "-2", "value is not in range(-1, 9223372036854775807) (lite.sub.client.quota: -2)")]
    [InlineData("lite.sub.client.max.event.cnt", "9", "value is not in range(10, 9223372036854775807) (lite.sub.client.max.event.cnt: 9)")]
    [InlineData("lite.sub.reset.offset.exclusive", "yes", "boolean attribute format is wrong. (lite.sub.reset.offset.exclusive: yes)")]
    [InlineData("lite.sub.reset.offset.unsubscribe", "", "boolean attribute format is wrong. (lite.sub.reset.offset.unsubscribe: )")]
    public async Task UpdateGroup_AttributeRocketMqDoesNotTake_RefusedInItsWords(string name, string value, string words)
    {
        RemotingCommand answer = await UpdateAsync($$$"""{"groupName":"misspelt","attributes":{"+{{{name}}}":"{{{value}}}"}}""");

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, words));
        (await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetSubscriptionGroupConfig).Set("group", "misspelt"))).Code.Should().Be(ResponseCode.SubscriptionGroupNotExist);
    }

    [Fact]
    public async Task ConsumeDirectly_MemberOnline_GetsTheMessageAndItsAnswerIsHandedOn()
    {
        RemotingCommand sent = await _broker.SendAsync("T", "hello");
        RemotingCommand? asked = null;
        await using RemotingClient member = await JoinAsync("g", "member", RequestCode.ConsumeMessageDirectly, question =>
        {
            asked = question;
            RemotingCommand done = RemotingCommand.CreateResponse(question, ResponseCode.Success);
            done.Body = """{"consumeResult":"CR_SUCCESS"}"""u8.ToArray();
            return done;
        });

        RemotingCommand answer = await _broker.InvokeAsync(Directly("g", "member", sent.GetRequired("msgId")).Set("topic", "T"));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        Encoding.UTF8.GetString(answer.Body.Span).Should().Be("""{"consumeResult":"CR_SUCCESS"}""");
        (asked!.Get("brokerName"), asked.Get("consumerGroup"), asked.Get("topicSysFlag"), asked.Get("groupSysFlag")).Should().Be(("broker-a", "g", "0", "0"));
        RecordView.Read(asked.Body.Span).Body.ToArray().Should().BeEquivalentTo("hello"u8.ToArray());
    }

    [Theory]
    [InlineData("g", "nobody", null, "The Consumer <g> <nobody> not online")]
    [InlineData("none", "member", null, "The Consumer <none> <member> not online")]
    [InlineData("g", "member", "7F00000100002A9F00000000000FFFFF", "look message by offset failed, 1048575")]
    [InlineData("g", "member", "7F00000100002A9FFFFFFFFFFFFFFFFF", "the field <msgId> is no offset message id: \"7F00000100002A9FFFFFFFFFFFFFFFFF\"")]
    [InlineData("g", "member", "uniq", "the field <msgId> is no offset message id: \"uniq\"")]
    [InlineData("g", "member", "zz00000100002A9F00000000000FFFFF", "the field <msgId> is no offset message id: \"zz00000100002A9F00000000000FFFFF\"")]
    [InlineData("g", "member", "", "the field <msgId> is no offset message id: \"\"")]
    public async Task ConsumeDirectly_NotPossible_IsAnswered1(string group, string clientId, string? messageId, string remark)
    {
        await using RemotingClient member = await JoinAsync("g", "member", RequestCode.ConsumeMessageDirectly, static question => RemotingCommand.CreateResponse(question, ResponseCode.Success));
        string stored = (await _broker.SendAsync("T", "hello")).GetRequired("msgId");

        RemotingCommand answer = await _broker.InvokeAsync(Directly(group, clientId, messageId ?? stored));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, remark));
    }

    [Fact]
    public async Task ConsumerStatus_Members_AreAskedAndThoseWhoAnswerAreListed()
    {
        await using RemotingClient good = await JoinAsync("g", "good", RequestCode.GetConsumerStatusFromClient, static question => StatusOf(question, 12));
        await using RemotingClient bad = await JoinAsync("g", "bad", RequestCode.GetConsumerStatusFromClient, static question =>
        {
            RemotingCommand answer = RemotingCommand.CreateResponse(question, ResponseCode.Success);
            answer.Body = """{"messageQueueTable":{"no queue":1}}"""u8.ToArray();
            return answer;
        });
        await using RemotingClient refusing = await JoinAsync("g", "refusing", RequestCode.GetConsumerStatusFromClient, static question => RemotingCommand.CreateResponse(question, ResponseCode.SystemError, "no"));

        RemotingCommand all = await _broker.InvokeAsync(Status("g"));
        RemotingCommand one = await _broker.InvokeAsync(Status("g").Set("clientAddr", "good"));
        RemotingCommand none = await _broker.InvokeAsync(Status("g").Set("clientAddr", "nobody"));

        const string expected = """{"consumerTable":{"good":{{"brokerName":"broker-a","queueId":1,"topic":"T"}:12}},"messageQueueTable":{}}""";
        Encoding.UTF8.GetString(all.Body.Span).Should().Be(expected);
        Encoding.UTF8.GetString(one.Body.Span).Should().Be(expected);
        Encoding.UTF8.GetString(none.Body.Span).Should().Be("""{"consumerTable":{},"messageQueueTable":{}}""");
        RemotingCommand offline = await _broker.InvokeAsync(Status("away"));
        (offline.Code, offline.Remark).Should().Be((ResponseCode.SystemError, "No Any Consumer online in the consumer group: [away]"));
    }

    /// <summary>Two bytes and a comma each, and an object of a hundred.</summary>
    [Fact]
    public async Task Status_AMemberSaysWhatIsManyTimesItsBytes_IsLeftOut()
    {
        await using RemotingClient good = await JoinAsync("g", "good", RequestCode.GetConsumerStatusFromClient, static question => Told(question, QueueTable(1)));
        await using RemotingClient hostile = await JoinAsync(
            "g", "hostile", RequestCode.GetConsumerStatusFromClient, static question => Told(question, $"{{\"a\":[{string.Join(',', Enumerable.Repeat("{}", 1_500_000))}],{QueueTable(1)[1..]}"));

        RemotingCommand answer = await _broker.InvokeAsync(Status("g"));

        Encoding.UTF8.GetString(answer.Body.Span).Should().Be("""{"consumerTable":{"good":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:12}},"messageQueueTable":{}}""");
        await Eventually.TrueAsync(() => _broker.Host.HeldBytes == 0, "nothing of it is held any more");
    }

    /// <summary>Half a surrogate pair, which is no text.</summary>
    [Theory]
    [InlineData("""{"messageQueueTable":{{"brokerName":"\ud800","queueId":0,"topic":"T"}:12}}""")]
    [InlineData("""{"messageQueueTable":{"\ud800":12}}""")]
    public async Task Status_AMemberSaysWhatIsNoText_IsLeftOut(string table)
    {
        await using RemotingClient good = await JoinAsync("g", "good", RequestCode.GetConsumerStatusFromClient, static question => Told(question, QueueTable(1)));
        await using RemotingClient hostile = await JoinAsync("g", "hostile", RequestCode.GetConsumerStatusFromClient, question => Told(question, table));

        RemotingCommand answer = await _broker.InvokeAsync(Status("g"));

        Encoding.UTF8.GetString(answer.Body.Span).Should().Be("""{"consumerTable":{"good":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:12}},"messageQueueTable":{}}""");
    }

    [Fact]
    public async Task Status_MembersSayMoreThanAFrameCarries_IsRefusedAndNothingIsHeld()
    {
        const int Queues = 60_000;
        string table = QueueTable(Queues);
        await using RemotingClient one = await JoinAsync("g", "one", RequestCode.GetConsumerStatusFromClient, question => Told(question, table));
        await using RemotingClient two = await JoinAsync("g", "two", RequestCode.GetConsumerStatusFromClient, question => Told(question, table));
        await using RemotingClient three = await JoinAsync("g", "three", RequestCode.GetConsumerStatusFromClient, question => Told(question, table));
        await using RemotingClient four = await JoinAsync("g", "four", RequestCode.GetConsumerStatusFromClient, question => Told(question, table));
        await using RemotingClient five = await JoinAsync("g", "five", RequestCode.GetConsumerStatusFromClient, question => Told(question, table));

        RemotingCommand all = await _broker.InvokeAsync(Status("g"));
        RemotingCommand alone = await _broker.InvokeAsync(Status("g").Set("clientAddr", "two"));

        all.Code.Should().Be(ResponseCode.SystemError);
        all.Remark.Should().Contain("bytes that an answer carries").And.Contain("clientAddr");
        alone.Code.Should().Be(ResponseCode.Success, alone.Remark);
        alone.Body.Length.Should().BeGreaterThan(Queues * 50);
        await Eventually.TrueAsync(() => _broker.Host.HeldBytes == 0, "nothing of it is held any more");
    }

    [Fact]
    public async Task Clone_GroupsOffsets_AreThoseOfTheOther()
    {
        await _broker.PullAsync("dest", "T", 0, 0, sysFlag: 4, subscription: "*");
        await CommitAsync("src", "T", 0, 5);
        await CommitAsync("src", "T", 1, 6);
        await _broker.CreateTopicAsync("U");
        await CommitAsync("src", "U", 0, 7);

        (await _broker.InvokeAsync(Clone("src", "dest").Set("topic", "T"))).Code.Should().Be(ResponseCode.Success);
        (await OffsetAsync("dest", "T", 0), await OffsetAsync("dest", "T", 1), await OffsetAsync("dest", "U", 0)).Should().Be((5L, 6L, -1L));

        (await _broker.InvokeAsync(Clone("src", "dest"))).Code.Should().Be(ResponseCode.Success);
        (await OffsetAsync("dest", "U", 0)).Should().Be(7, "no topic means all");
        await CommitAsync("src", "T", 0, 8);
        (await OffsetAsync("dest", "T", 0)).Should().Be(5, "it is a copy");

        await _broker.SubscribeAsync("src", "T");
        await CommitAsync("src", "U", 0, 9);
        await _broker.InvokeAsync(Clone("src", "dest").Set("topic", "U"));
        (await OffsetAsync("dest", "U", 0)).Should().Be(7, "the source is online and does not read that topic");
        await _broker.InvokeAsync(Clone("src", "dest").Set("topic", "U").Set("offline", true));
        (await OffsetAsync("dest", "U", 0)).Should().Be(9);

        RemotingCommand missing = await _broker.InvokeAsync(Clone("src", "no such group"));
        (missing.Code, missing.Remark).Should().Be((ResponseCode.SubscriptionGroupNotExist, "Group no such group not exist!"));
    }

    [Fact]
    public async Task Clone_QueueThatTheOtherHasNoOffsetOn_HasNoneAfterwards_AndSlavesHearOfIt()
    {
        await CommitAsync("src", "T", 0, 5);
        await CommitAsync("dest", "T", 1, 6);

        (await _broker.InvokeAsync(Clone("nobody", "dest").Set("topic", "T"))).Code.Should().Be(ResponseCode.Success);
        (await OffsetAsync("dest", "T", 1)).Should().Be(6, "as with RocketMQ, a group without any offset takes none away");
        (await _broker.InvokeAsync(Clone("src", "dest").Set("topic", "T"))).Code.Should().Be(ResponseCode.Success);

        (await OffsetAsync("dest", "T", 0), await OffsetAsync("dest", "T", 1)).Should().Be((5L, -1L));
        RemotingCommand table = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetAllConsumerOffset));
        string.Concat(Encoding.UTF8.GetString(table.Body.Span).Where(static character => !char.IsWhiteSpace(character))).Should().Contain("\"T@dest\":{0:5,1:-1}");
    }

    [Theory]
    [InlineData("", """{"correctionOffsets":{0:9223372036854775807,1:4}}""")]
    [InlineData("slow", """{"correctionOffsets":{0:3,1:4}}""")]
    [InlineData("slow,me", """{"correctionOffsets":{0:5}}""")]
    public async Task Correction_LeastOffsets_OrTheLargestNumberWhereTheComparedIsBehind(string passedOver, string expected)
    {
        await CommitAsync("me", "T", 0, 3);
        await CommitAsync("me", "T", 1, 4);
        await CommitAsync("slow", "T", 0, 2);
        await CommitAsync("fast", "T", 0, 5);
        string compared = passedOver.Length == 0 ? "behind" : "fast";
        if (passedOver.Length == 0)
        {
            await CommitAsync("behind", "T", 0, 1);
            passedOver = "behind";
        }

        RemotingCommand answer = await _broker.InvokeAsync(
            RemotingCommand.CreateRequest(RequestCode.QueryCorrectionOffset).Set("topic", "T").Set("compareGroup", compared).Set("filterGroups", passedOver));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        Encoding.UTF8.GetString(answer.Body.Span).Should().Be(expected);
        (await OffsetAsync("slow", "T", 0)).Should().Be(2, "a question deletes nothing");
    }

    [Fact]
    public async Task TimeSpan_QueueWithMessages_TellsTheirTimes()
    {
        long first = _time.GetUtcNow().ToUnixTimeMilliseconds();
        await _broker.SendAsync("T", "one");
        _time.Advance(TimeSpan.FromSeconds(5));
        await _broker.SendAsync("T", "two");
        _time.Advance(TimeSpan.FromSeconds(7));
        await CommitAsync("g", "T", 0, 1);

        RemotingCommand answer = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.QueryConsumeTimeSpan).Set("topic", "T").Set("group", "g"));

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        using JsonDocument body = JsonDocument.Parse(LenientJson.ToStrict(answer.Body.Span).ToArray());
        JsonElement[] queues = [.. body.RootElement.GetProperty("consumeTimeSpanSet").EnumerateArray()];
        queues.Select(static queue => queue.GetProperty("messageQueue").GetProperty("queueId").GetInt32()).Should().Equal(0, 1);
        Times(queues[0]).Should().Be((first, first + 5_000, first, 7_000L));
        Times(queues[1]).Should().Be((-1L, -1L, -1L, 0L));

        static (long Min, long Max, long Consumed, long Delay) Times(JsonElement queue) =>
            (queue.GetProperty("minTimeStamp").GetInt64(), queue.GetProperty("maxTimeStamp").GetInt64(), queue.GetProperty("consumeTimeStamp").GetInt64(), queue.GetProperty("delayTime").GetInt64());
    }

    [Fact]
    public async Task TopicsAndSubscription_OfAGroup_AreTold()
    {
        await CommitAsync("g", "T", 0, 1);
        await _broker.SubscribeAsync("g", "T", "TagA");

        RemotingCommand topics = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.QueryTopicsByConsumer).Set("group", "g"));
        RemotingCommand subscription = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.QuerySubscriptionByConsumer).Set("group", "g").Set("topic", "T"));
        RemotingCommand none = await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.QuerySubscriptionByConsumer).Set("group", "away").Set("topic", "T"));

        using JsonDocument list = JsonDocument.Parse(topics.Body);
        (list.RootElement.GetProperty("brokerAddr").GetString(), list.RootElement.GetProperty("topicList")[0].GetString()).Should().Be((_broker.Address, "T"));
        using JsonDocument wanted = JsonDocument.Parse(subscription.Body);
        wanted.RootElement.GetProperty("subscriptionData").GetProperty("subString").GetString().Should().Be("TagA");
        using JsonDocument nothing = JsonDocument.Parse(none.Body);
        nothing.RootElement.TryGetProperty("subscriptionData", out JsonElement absent).Should().Be(absent.ValueKind == JsonValueKind.Null);
    }

    [Theory]
    [InlineData(RequestCode.ConsumeMessageDirectly, "consumerGroup,clientId,msgId")]
    [InlineData(RequestCode.GetConsumerRunningInfo, "consumerGroup,clientId")]
    [InlineData(RequestCode.InvokeBrokerToGetConsumerStatus, "topic,group")]
    [InlineData(RequestCode.CloneGroupOffset, "srcGroup,destGroup")]
    [InlineData(RequestCode.QueryCorrectionOffset, "topic,compareGroup")]
    [InlineData(RequestCode.QueryConsumeTimeSpan, "topic,group")]
    [InlineData(RequestCode.QueryTopicsByConsumer, "group")]
    [InlineData(RequestCode.QuerySubscriptionByConsumer, "group,topic")]
    public async Task Question_FieldMissing_IsRefusedByName(int code, string required)
    {
        string[] fields = required.Split(',');
        foreach (string missing in fields)
        {
            RemotingCommand request = RemotingCommand.CreateRequest(code);
            foreach (string field in fields.Where(field => !string.Equals(field, missing, StringComparison.Ordinal)))
            {
                request.Set(field, "T");
            }

            RemotingCommand answer = await _broker.InvokeAsync(request);

            (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, $"the custom field <{missing}> is null"));
        }
    }

    private static RemotingCommand StatusOf(RemotingCommand question, long offset)
    {
        RemotingCommand answer = RemotingCommand.CreateResponse(question, ResponseCode.Success);
        string key = $$"""{"brokerName":"broker-a","queueId":1,"topic":"{{question.Get("topic")}}"}""";
        answer.Body = Encoding.UTF8.GetBytes("{\"consumerTable\":{},\"messageQueueTable\":{" + key + ":" + offset.ToString(CultureInfo.InvariantCulture) + "}}");
        return answer;
    }

    private static RemotingCommand Directly(string group, string clientId, string messageId) =>
        RemotingCommand.CreateRequest(RequestCode.ConsumeMessageDirectly).Set("consumerGroup", group).Set("clientId", clientId).Set("msgId", messageId);

    private static RemotingCommand Status(string group) => RemotingCommand.CreateRequest(RequestCode.InvokeBrokerToGetConsumerStatus).Set("topic", "T").Set("group", group);

    private static RemotingCommand Told(RemotingCommand question, string table)
    {
        RemotingCommand answer = RemotingCommand.CreateResponse(question, ResponseCode.Success);
        answer.Body = Encoding.UTF8.GetBytes(table);
        return answer;
    }

    /// <summary>A member that is at 12 in each of so many queues, as clients write it.</summary>
    private static string QueueTable(int queues) => $"{{\"messageQueueTable\":{{{string.Join(',', Enumerable.Range(0, queues).Select(static queue => $"{{\"brokerName\":\"broker-a\",\"queueId\":{queue},\"topic\":\"T\"}}:12"))}}}}}";

    private static RemotingCommand Clone(string source, string destination) =>
        RemotingCommand.CreateRequest(RequestCode.CloneGroupOffset).Set("srcGroup", source).Set("destGroup", destination);

    private async Task CommitAsync(string group, string topic, int queueId, long offset)
    {
        await _broker.PullAsync(group, topic, 0, 0, sysFlag: 4, subscription: "*");
        RemotingCommand answer = await _broker.InvokeAsync(
            Requests.Commit(group, topic, queueId, offset));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }

    private async Task<long> OffsetAsync(string group, string topic, int queueId)
    {
        RemotingCommand answer = await _broker.InvokeAsync(
            Requests.Progress(group, topic, queueId).Set("setZeroIfNotFound", false));
        return answer.Code == ResponseCode.Success ? long.Parse(answer.GetRequired("offset"), CultureInfo.InvariantCulture) : -1;
    }

    /// <summary>A client on a connection of its own that is a member of the group and answers what brokers ask.</summary>
    private async Task<RemotingClient> JoinAsync(string group, string clientId, int code, Func<RemotingCommand, RemotingCommand> answer)
    {
        RemotingClient client = TestBroker.NewClient(new RequestHandlerRegistry().Add(code, new Answering(answer)));
        RemotingCommand heartbeat = Requests.Heartbeat(group, "T", "*", clientId, version: 1);
        (await client.InvokeAsync(_broker.Address, heartbeat, Eventually.DefaultDeadline)).Code.Should().Be(ResponseCode.Success);
        return client;
    }

    private sealed class Answering(Func<RemotingCommand, RemotingCommand> answer) : AsyncRequestHandler
    {
        public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken) => ValueTask.FromResult<RemotingCommand?>(answer(request));
    }

    private Task<RemotingCommand> UpdateAsync(string group)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateSubscriptionGroup);
        request.Body = Encoding.UTF8.GetBytes(group);
        return _broker.InvokeAsync(request);
    }
}
