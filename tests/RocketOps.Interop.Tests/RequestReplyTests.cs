using System.Text;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>A consumer's reply at the wire: what the client that waits is handed, and what the replying one is told.</summary>
public abstract class RequestReplyTests(ServerFixture fixture)
{
    private const int HeartBeat = 34;
    private const int SendReply = 324;
    private const int SendReplyV2 = 325;
    private const int PushReply = 326;
    private const int SystemError = 1;
    private const int InvalidParameter = 29;

    private const string ReplyTopic = ServerUnderTest.ClusterName + "_REPLY_TOPIC";

    private static readonly string[] Verbose =
        ["producerGroup", "topic", "defaultTopic", "defaultTopicQueueNums", "queueId", "sysFlag", "bornTimestamp", "flag", "properties", "reconsumeTimes", "unitMode"];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableTheory]
    [InlineData(SendReply)]
    [InlineData(SendReplyV2)]
    public async Task Reply_ClientWaits_IsHandedOnWithItsFields(int code)
    {
        ServerUnderTest server = fixture.Server;
        string clientId = $"asker-{code}";
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection asker = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);
        byte[] heartbeat = RawFields.Heartbeat(clientId, producers: ["askers"]);
        (await asker.RequestAsync(HeartBeat, body: heartbeat, cancellationToken: timeout.Token)).Code.Should().Be(0);
        await using RawConnection replier = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);

        RawFrame pushed = null!;
        RawFrame answer = null!;

        // Brokers wait ten seconds for the asker.
        await Eventually.TrueAsync(
            async () =>
            {
                Task<RawFrame> answering = replier.RequestAsync(code, Fields(code, clientId), "hello"u8.ToArray(), timeout.Token);
                pushed = await asker.ReceiveAsync(timeout.Token) ?? throw new EndOfStreamException("closed instead of a reply");
                await asker.SendAsync((RawFrame.Request(0, pushed.Opaque) with { Flag = 1 }).Encode(), timeout.Token);
                answer = await answering;
                return answer.Remark is null;
            },
            "the reply is handed on");

        pushed.Code.Should().Be(PushReply);
        Encoding.UTF8.GetString(pushed.Body.Span).Should().Be("hello");
        pushed.ExtFields.Keys.Should().BeEquivalentTo([.. Verbose, "bornHost", "storeHost", "storeTimestamp"]);
        Dictionary<string, string> kept = new(StringComparer.Ordinal)
        {
            ["producerGroup"] = "pg",
            ["topic"] = ReplyTopic,
            ["bornTimestamp"] = "1731999999000",
            ["flag"] = "7",
            ["unitMode"] = "false",
            ["storeHost"] = server.BrokerAddress,
        };
        pushed.ExtFields.Where(field => kept.ContainsKey(field.Key)).Should().BeEquivalentTo(kept);
        pushed.ExtFields["properties"].Split('\u0002', StringSplitOptions.RemoveEmptyEntries).Select(static pair => pair.Split('\u0001')[0])
            .Except(["MSG_REGION", "TRACE_ON"], StringComparer.Ordinal) // 5.x adds them, 4.9 does not
            .Should().BeEquivalentTo("CORRELATION_ID", "REPLY_TO_CLIENT", "MSG_TYPE", "PUSH_REPLY_TIME");
        (answer.Code, answer.Remark).Should().Be((0, null));
        answer.ExtFields.Keys.Should().BeEquivalentTo("msgId", "queueId", "queueOffset", "MSG_REGION", "TRACE_ON");
        answer.ExtFields["msgId"].Should().HaveLength(32, "the reply is stored");
    }

    [SkippableTheory]
    [InlineData("properties", "", "reply message properties[REPLY_TO_CLIENT] is null")]
    [InlineData("properties", "REPLY_TO_CLIENT\u0001nobody\u0002", "push reply message fail, channel of <nobody> not found.")]
    public async Task Reply_CannotBeHandedOn_IsAnswered1(string field, string? value, string remark)
    {
        RawFrame answer = await ReplyWithAsync(field, value);

        (answer.Code, answer.Remark).Should().Be((SystemError, remark));
    }

    /// <summary>Apache's remark is a Java exception without the field's name, but for a blank topic, which has a code of its own in 5.x; ours names it (ReplyMessageTests).</summary>
    [SkippableTheory]
    [InlineData("topic", null)]
    [InlineData("queueId", null)]
    [InlineData("bornTimestamp", null)]
    [InlineData("queueId", "many")]
    [InlineData("queueId", "99999999999999999999")]
    public async Task Reply_FieldThatIsNone_IsRefused(string field, string? value)
    {
        RawFrame answer = await ReplyWithAsync(field, value);

        answer.Code.Should().BeOneOf([SystemError, InvalidParameter], answer.Remark);
    }

    private async Task<RawFrame> ReplyWithAsync(string field, string? value)
    {
        ServerUnderTest server = fixture.Server;
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection replier = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);
        Dictionary<string, string> fields = Fields(SendReply, "nobody");
        fields.Remove(field);
        if (value is not null)
        {
            fields[field] = value;
        }

        return await replier.RequestAsync(SendReply, fields, "hello"u8.ToArray(), timeout.Token);
    }

    private static Dictionary<string, string> Fields(int code, string clientId)
    {
        string properties = $"CORRELATION_ID\u0001c-1\u0002REPLY_TO_CLIENT\u0001{clientId}\u0002MSG_TYPE\u0001reply\u0002";
        Dictionary<string, string> fields = RawFields.Send(ReplyTopic, 0, properties, "pg", bornTimestamp: 1_731_999_999_000, flag: 7);
        return code == SendReply ? fields : RawFields.Short(fields, batch: null);
    }
}
