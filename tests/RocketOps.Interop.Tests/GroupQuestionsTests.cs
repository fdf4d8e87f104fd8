using System.Text;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>What tools ask about a group, at the wire: its members consume a message directly and tell their offsets, offsets are copied and compared.</summary>
public abstract class GroupQuestionsTests(ServerFixture fixture)
{
    private const int QueryConsumerOffset = 14;
    private const int HeartBeat = 34;
    private const int GetConsumerStatusFromClient = 221;
    private const int InvokeBrokerToGetConsumerStatus = 223;
    private const int QueryConsumeTimeSpan = 303;
    private const int QueryCorrectionOffset = 308;
    private const int ConsumeMessageDirectly = 309;
    private const int CloneGroupOffset = 314;
    private const int SystemError = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableFact]
    public async Task ConsumeDirectly_MemberOnline_GetsTheMessageAndItsAnswerIsHandedOn()
    {
        ServerUnderTest server = fixture.Server;
        const string topic = "Directly";
        await Topics.CreateAsync(server, topic, queues: 1);
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection tool = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);
        await using RawConnection member = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);
        await JoinAsync(member, "directly", topic, "member-1", timeout.Token);
        string messageId = (await SendAsync(tool, topic, timeout.Token)).ExtFields["msgId"];

        RawFrame question = null!;
        RawFrame answer = null!;

        // Brokers wait ten seconds for the member.
        await Eventually.TrueAsync(
            async () =>
            {
                Task<RawFrame> asking = tool.RequestAsync(ConsumeMessageDirectly, RawFields.Of(("consumerGroup", "directly"), ("clientId", "member-1"), ("msgId", messageId)), cancellationToken: timeout.Token);
                question = await QuestionAsync(member, ConsumeMessageDirectly, timeout.Token);
                await AnswerAsync(member, question, """{"consumeResult":"CR_SUCCESS"}""", timeout.Token);
                answer = await asking;
                return answer.Code == 0;
            },
            "the member's answer is handed on");

        question.ExtFields["brokerName"].Should().Be(ServerUnderTest.BrokerName);
        Encoding.UTF8.GetString(question.Body.Span).Should().Contain("hello").And.Contain(topic);
        (answer.Code, Encoding.UTF8.GetString(answer.Body.Span)).Should().Be((0, """{"consumeResult":"CR_SUCCESS"}"""));

        RawFrame nobody = await tool.RequestAsync(ConsumeMessageDirectly, RawFields.Of(("consumerGroup", "directly"), ("clientId", "nobody"), ("msgId", messageId)), cancellationToken: timeout.Token);
        (nobody.Code, nobody.Remark).Should().Be((SystemError, "The Consumer <directly> <nobody> not online"));
        foreach (string bad in (string[])["uniq", "7F00000100002A9F00000000000FFFFFzz"])
        {
            (await tool.RequestAsync(ConsumeMessageDirectly, RawFields.Of(("consumerGroup", "directly"), ("clientId", "member-1"), ("msgId", bad)), cancellationToken: timeout.Token))
                .Code.Should().Be(SystemError);
        }
    }

    [SkippableFact]
    public async Task ConsumerStatus_MemberOnline_IsAskedAndListed()
    {
        ServerUnderTest server = fixture.Server;
        const string topic = "StatusAsked";
        await Topics.CreateAsync(server, topic, queues: 1);
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection tool = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);
        await using RawConnection member = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);
        await JoinAsync(member, "askedgroup", topic, "member-2", timeout.Token);

        const string queue = "{\"brokerName\":\"broker-a\",\"queueId\":0,\"topic\":\"StatusAsked\"}:7";
        RawFrame question = null!;
        RawFrame answer = null!;

        // Brokers wait five seconds for a member, and leave it out.
        await Eventually.TrueAsync(
            async () =>
            {
                Task<RawFrame> asking = tool.RequestAsync(InvokeBrokerToGetConsumerStatus, RawFields.Of(("topic", topic), ("group", "askedgroup")), cancellationToken: timeout.Token);
                question = await QuestionAsync(member, GetConsumerStatusFromClient, timeout.Token);
                await AnswerAsync(member, question, "{\"consumerTable\":{},\"messageQueueTable\":{" + queue + "}}", timeout.Token);
                answer = await asking;
                return Encoding.UTF8.GetString(answer.Body.Span).Contains("member-2", StringComparison.Ordinal);
            },
            "the member is listed");

        (question.ExtFields["topic"], question.ExtFields["group"]).Should().Be((topic, "askedgroup"));
        answer.Code.Should().Be(0, answer.Remark);
        Encoding.UTF8.GetString(answer.Body.Span).Should().Contain("\"member-2\":{" + queue + "}");
    }

    [SkippableFact]
    public async Task Offsets_CopiedAndCompared()
    {
        ServerUnderTest server = fixture.Server;
        const string topic = "Copied";
        await Topics.CreateAsync(server, topic, queues: 1);
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection tool = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);
        for (int i = 0; i < 3; i++)
        {
            await SendAsync(tool, topic, timeout.Token);
        }

        await CommitAsync("copysource", 2);
        await CommitAsync("copydest", 0);

        (await tool.RequestAsync(CloneGroupOffset, RawFields.Of(("srcGroup", "copysource"), ("destGroup", "copydest"), ("topic", topic), ("offline", "true")), cancellationToken: timeout.Token)).Code.Should().Be(0);
        (await OffsetAsync("copydest")).Should().Be("2");

        await CommitAsync("copydest", 1);
        (await CorrectionAsync("copysource")).Should().Contain("\"correctionOffsets\":{0:1}");

        RawFrame spans = await tool.RequestAsync(
            QueryConsumeTimeSpan, RawFields.Of(("topic", topic), ("group", "copydest")), cancellationToken: timeout.Token);
        Encoding.UTF8.GetString(spans.Body.Span).Should().ContainAll("\"consumeTimeSpanSet\":[{", "\"consumeTimeStamp\":1", "\"delayTime\":", "\"maxTimeStamp\":1", "\"minTimeStamp\":1", "\"queueId\":0");
        RawFrame unknown = await tool.RequestAsync(
            QueryConsumeTimeSpan, RawFields.Of(("topic", "NoSuchTopic"), ("group", "copydest")), cancellationToken: timeout.Token);
        (unknown.Code, unknown.Remark).Should().Be((17, "topic[NoSuchTopic] not exist"));

        async Task<string> CorrectionAsync(string compared) => Encoding.UTF8.GetString(
            (await tool.RequestAsync(QueryCorrectionOffset, RawFields.Of(("topic", topic), ("compareGroup", compared), ("filterGroups", string.Empty)), cancellationToken: timeout.Token)).Body.Span);

        async Task<string> OffsetAsync(string group) =>
            (await tool.RequestAsync(QueryConsumerOffset, RawFields.Progress(group, topic, 0), cancellationToken: timeout.Token)).ExtFields["offset"];

        async Task CommitAsync(string group, long offset)
        {
            await JoinAsync(tool, group, topic, $"{group}-member", timeout.Token);
            RawFrame answer = await RawBroker.UpdateOffsetAsync(tool, group, topic, queueId: 0, offset, timeout.Token);
            answer.Code.Should().Be(0, answer.Remark);
        }
    }

    private static async Task<RawFrame> QuestionAsync(RawConnection member, int code, CancellationToken cancellationToken)
    {
        while (true)
        {
            RawFrame? frame = await member.ReceiveAsync(cancellationToken);
            frame.Should().NotBeNull("the broker asks");

            // It also tells the group that it has changed.
            if (frame!.Code == code && !frame.IsResponse)
            {
                return frame;
            }
        }
    }

    private static Task AnswerAsync(RawConnection member, RawFrame question, string body, CancellationToken cancellationToken) =>
        member.SendAsync((RawFrame.Request(0, question.Opaque, body: Encoding.UTF8.GetBytes(body)) with { Flag = 1 }).Encode(), cancellationToken);

    private static async Task JoinAsync(RawConnection member, string group, string topic, string clientId, CancellationToken cancellationToken)
    {
        byte[] heartbeat = RawFields.Heartbeat(clientId, [RawFields.Consumer(group, [RawFields.Subscription(topic)])]);
        (await member.RequestAsync(HeartBeat, body: heartbeat, cancellationToken: cancellationToken)).Code.Should().Be(0);
    }

    private static async Task<RawFrame> SendAsync(RawConnection client, string topic, CancellationToken cancellationToken)
    {
        RawFrame sent = await RawBroker.SendAsync(client, topic, queueId: 0, "hello"u8.ToArray(), cancellationToken);
        sent.Code.Should().Be(0, sent.Remark);
        return sent;
    }
}
