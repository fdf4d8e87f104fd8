using System.Text;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.RequestReply;

/// <summary>A consumer's answer to a message that asked for one: to the client that waits, and into the reply topic.</summary>
public sealed class ReplyMessageTests : IAsyncLifetime
{
    private const string ReplyTopic = "DefaultCluster_REPLY_TOPIC";

    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(time: new FakeTimeProvider());

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [InlineData(RequestCode.SendReplyMessage)]
    [InlineData(RequestCode.SendReplyMessageV2)]
    public async Task Reply_ClientWaits_GetsItWholeAndItIsStored(int code)
    {
        List<RemotingCommand> pushed = [];
        await using RemotingClient waiting = await WaitAsync("asker", (_, question) =>
        {
            pushed.Add(question);
            return Task.FromResult(RemotingCommand.CreateResponse(question, ResponseCode.Success));
        });

        RemotingCommand answer = await _broker.InvokeAsync(Reply(code, "hello", ("CORRELATION_ID", "c-1"), ("REPLY_TO_CLIENT", "asker"), ("MSG_TYPE", "reply"), ("TTL", "3000")));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.Success, null));
        (answer.Get("queueId"), answer.Get("queueOffset"), answer.Get("MSG_REGION"), answer.Get("TRACE_ON")).Should().Be(("0", "0", "DefaultRegion", "true"));
        answer.Get("msgId").Should().HaveLength(32);
        RemotingCommand question = pushed.Should().ContainSingle().Subject;
        Encoding.UTF8.GetString(question.Body.Span).Should().Be("hello");
        question.ExtFields.Should().Contain(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["producerGroup"] = "pg",
            ["topic"] = ReplyTopic,
            ["defaultTopic"] = "TBW102",
            ["defaultTopicQueueNums"] = "4",
            ["queueId"] = "0",
            ["sysFlag"] = "0",
            ["bornTimestamp"] = "1731999999000",
            ["flag"] = "7",
            ["reconsumeTimes"] = "0",
            ["unitMode"] = "false",
            ["storeHost"] = _broker.Address,
        });
        question.Get("bornHost").Should().StartWith("127.0.0.1:");
        long.Parse(question.GetRequired("storeTimestamp"), System.Globalization.CultureInfo.InvariantCulture).Should().BePositive();
        MessageProperties properties = MessageProperties.Parse(Encoding.UTF8.GetBytes(question.GetRequired("properties")));
        (properties.Get("CORRELATION_ID"), properties.Get("REPLY_TO_CLIENT"), properties.Get("TTL"), properties.Get("MSG_TYPE")).Should().Be(("c-1", "asker", "3000", "reply"));
        properties.Get("PUSH_REPLY_TIME").Should().Be(question.Get("storeTimestamp"));

        Requests.Received stored = Requests.Decode(await _broker.PullAsync("g", ReplyTopic, 0, 0, sysFlag: 4, subscription: "*")).Should().ContainSingle().Subject;
        stored.Body.Should().Be("hello");
        (stored.Properties.Get("CORRELATION_ID"), stored.Properties.Get("MSG_REGION"), stored.Properties.Get("TRACE_ON")).Should().Be(("c-1", "DefaultRegion", "true"));
        (stored.Properties.Get("PUSH_REPLY_TIME"), stored.Properties.Get("CLUSTER")).Should().Be((null, null), "a reply is not stored as a message that may be answered");
    }

    [Fact]
    public async Task Reply_NotToBeStored_IsOnlyHandedOn()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["storeReplyMessageEnable"] = "false" }, time: new FakeTimeProvider());
        await using RemotingClient waiting = await WaitAsync("asker", Taken, broker);

        RemotingCommand answer = await broker.InvokeAsync(Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", "asker")));

        (answer.Code, answer.Get("msgId"), answer.Get("queueId"), answer.Get("queueOffset")).Should().Be((ResponseCode.Success, "0", "0", "0"));
        (await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetMaxOffset).Set("topic", ReplyTopic).Set("queueId", 0))).Get("offset").Should().Be("0");
    }

    [Theory]
    [InlineData(null, "reply message properties[REPLY_TO_CLIENT] is null")]
    [InlineData("nobody", "push reply message fail, channel of <nobody> not found.")]
    [InlineData("refuser", "push reply message to refuserfail.")]
    [InlineData("leaver", "push reply message to leaverfail.")]
    public async Task Reply_NotTaken_IsAnswered1AndStored(string? clientId, string remark)
    {
        await using RemotingClient refuser = await WaitAsync("refuser", static (_, question) => Task.FromResult(RemotingCommand.CreateResponse(question, ResponseCode.SystemError, "no")));
        await using RemotingClient leaver = await WaitAsync("leaver", static (connection, _) =>
        {
            connection.Abort("the test's client leaves");
            throw new IOException("gone");
        });

        RemotingCommand answer = await _broker.InvokeAsync(
            clientId is null ? Reply(RequestCode.SendReplyMessageV2, "hello") : Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", clientId)));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, remark));
        answer.Get("msgId").Should().HaveLength(32, "it is stored all the same");
        answer.Get("TRACE_ON").Should().Be("true");
        Requests.Decode(await _broker.PullAsync("g", ReplyTopic, 0, 0, sysFlag: 4, subscription: "*")).Should().ContainSingle();
    }

    [Fact]
    public async Task Client_LeavesItsLastGroup_IsNotFoundAnyMore()
    {
        await using RemotingClient waiting = await WaitAsync("asker", Taken, groups: ["one", "two"]);
        RemotingCommand reply = Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", "asker"));

        await LeaveAsync("one");
        (await _broker.InvokeAsync(reply)).Code.Should().Be(ResponseCode.Success);
        await LeaveAsync("two");
        (await _broker.InvokeAsync(Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", "asker")))).Remark.Should().Be("push reply message fail, channel of <asker> not found.");

        Task<RemotingCommand> LeaveAsync(string group) => waiting.InvokeAsync(
            _broker.Address, RemotingCommand.CreateRequest(RequestCode.UnregisterClient).Set("clientID", "asker").Set("producerGroup", group), Eventually.DefaultDeadline);
    }

    [Fact]
    public async Task Client_Reconnects_OldConnectionDoesNotTakeItAway()
    {
        await using RemotingClient old = await WaitAsync("asker", static (_, question) => Task.FromResult(RemotingCommand.CreateResponse(question, ResponseCode.SystemError, "the old one")));
        await using RemotingClient waiting = await WaitAsync("asker", Taken);
        await old.DisposeAsync();
        await Testing.Eventually.TrueAsync(() => Task.FromResult(_broker.Host.Modules.Clients.Producers.ChannelsOf("asker-group").Count == 1), "the old connection is gone");

        (await _broker.InvokeAsync(Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", "asker")))).Code.Should().Be(ResponseCode.Success);
    }

    [Theory]
    [InlineData("b", null, ResponseCode.SystemError, "the custom field <topic> is null")]
    [InlineData("e", null, ResponseCode.SystemError, "the custom field <queueId> is null")]
    [InlineData("f", null, ResponseCode.SystemError, "the custom field <sysFlag> is null")]
    [InlineData("g", null, ResponseCode.SystemError, "the custom field <bornTimestamp> is null")]
    [InlineData("h", null, ResponseCode.SystemError, "the custom field <flag> is null")]
    [InlineData("e", "many", ResponseCode.SystemError, "*the custom field <e> is no number*")]
    [InlineData("g", "99999999999999999999", ResponseCode.SystemError, "*the custom field <g> is no number*")]
    [InlineData("e", "1", ResponseCode.InvalidParameter, "request queueId[1] is illegal*")]
    [InlineData("b", " ", ResponseCode.InvalidParameter, "The specified topic is blank.")]
    [InlineData("b", "a/b", ResponseCode.InvalidParameter, "The specified topic contains illegal characters*")]
    [InlineData("b", "SCHEDULE_TOPIC_XXXX", ResponseCode.NoPermission, "Sending message to topic[[]SCHEDULE_TOPIC_XXXX] is forbidden.")]
    public async Task Reply_FieldThatIsNone_IsRefusedByName(string field, string? value, int code, string remark)
    {
        await using RemotingClient waiting = await WaitAsync("asker", Taken);
        RemotingCommand request = Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", "asker"));
        request.ExtFields!.Remove(field);
        request.Set(field, value);

        RemotingCommand answer = await _broker.InvokeAsync(request);

        answer.Code.Should().Be(code, answer.Remark);
        answer.Remark.Should().Match(remark.Replace("[[]", "[", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reply_TopicMissing_IsMadeAfterItsTemplateOrRefused()
    {
        await using RemotingClient waiting = await WaitAsync("asker", Taken);

        RemotingCommand made = await _broker.InvokeAsync(Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", "asker")).Set("b", "Other").Set("e", -1));
        RemotingCommand refused = await _broker.InvokeAsync(Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", "asker")).Set("b", "Another").Set("c", "None"));

        made.Code.Should().Be(ResponseCode.Success, made.Remark);
        (refused.Code, refused.Remark).Should().Be((ResponseCode.TopicNotExist, "topic[Another] not exist, apply first please!"));
    }

    [Fact]
    public async Task Reply_OneWay_IsHandedOnWithoutAnAnswer()
    {
        TaskCompletionSource<string> got = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RemotingClient waiting = await WaitAsync("asker", (_, question) =>
        {
            got.SetResult(Encoding.UTF8.GetString(question.Body.Span));
            return Taken(null!, question);
        });

        await _broker.InvokeOneWayAsync(Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", "asker")));

        (await got.Task.WaitAsync(Eventually.DefaultDeadline)).Should().Be("hello");
    }

    /// <summary>Who asks is known by the request itself. Who sends it on, to be retried or as he has received it, is not who asked.</summary>
    [Theory]
    [InlineData("Questions", null, true)]
    [InlineData("%RETRY%g", null, false)]
    [InlineData("Questions", "CLUSTER", false)]
    public async Task Reply_ClientHasSentNoHeartbeat_GoesToWhoAsked(string topic, string? storedBefore, bool isTaken)
    {
        await _broker.SubscribeAsync("g", "Questions");
        TaskCompletionSource<string> got = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RemotingClient asker = TestBroker.NewClient(new RequestHandlerRegistry().Add(RequestCode.PushReplyMessageToClient, new Answering((connection, question) =>
        {
            got.SetResult(Encoding.UTF8.GetString(question.Body.Span));
            return Taken(connection, question);
        })));
        (string, string)[] properties = [("MSG_TYPE", "request"), ("REPLY_TO_CLIENT", "asker"), .. storedBefore is null ? Array.Empty<(string, string)>() : [(storedBefore, "DefaultCluster")]];
        RemotingCommand asked = await asker.InvokeAsync(_broker.Address, Requests.Send(topic, "question", properties: Requests.Properties(properties)), Eventually.DefaultDeadline);
        asked.Code.Should().Be(ResponseCode.Success, asked.Remark);

        (await _broker.InvokeAsync(Reply(RequestCode.SendReplyMessageV2, "hello", ("REPLY_TO_CLIENT", "asker")))).Code.Should().Be(isTaken ? ResponseCode.Success : ResponseCode.SystemError);

        if (isTaken)
        {
            (await got.Task.WaitAsync(Eventually.DefaultDeadline)).Should().Be("hello");
            await asker.DisposeAsync();
            await Eventually.TrueAsync(() => _broker.Host.Modules.Clients.Askers.Find("asker") is null, "it is gone");
        }
    }

    private static Task<RemotingCommand> Taken(RemotingConnection connection, RemotingCommand question) => Task.FromResult(RemotingCommand.CreateResponse(question, ResponseCode.Success));

    private static RemotingCommand Reply(int code, string body, params (string Name, string Value)[] properties) =>
        Requests.Reply(ReplyTopic, body, Requests.Properties(properties), flag: 7, code);

    /// <summary>A client on a connection of its own that waits for replies.</summary>
    private async Task<RemotingClient> WaitAsync(
        string clientId, Func<RemotingConnection, RemotingCommand, Task<RemotingCommand>> answer, TestBroker? broker = null, string[]? groups = null)
    {
        RemotingClient client = TestBroker.NewClient(new RequestHandlerRegistry().Add(RequestCode.PushReplyMessageToClient, new Answering(answer)));
        RemotingCommand heartbeat = Requests.ProducerHeartbeat(clientId, groups ?? [$"{clientId}-group"]);
        (await client.InvokeAsync((broker ?? _broker).Address, heartbeat, Eventually.DefaultDeadline)).Code.Should().Be(ResponseCode.Success);
        return client;
    }

    private sealed class Answering(Func<RemotingConnection, RemotingCommand, Task<RemotingCommand>> answer) : AsyncRequestHandler
    {
        public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken) =>
            await answer(connection, request);
    }
}
