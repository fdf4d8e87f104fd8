using System.Text;
using System.Text.Json;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>What a consumer answers brokers that pass on what administrators ask.</summary>
public sealed class ConsumerAnswersTests : ConsumerTestBase
{
    private static readonly TimeSpan Patience = Eventually.DefaultDeadline;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunningInfo_SaysWhatIsReadAndHow(bool orderly)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        for (int i = 0; i < 3; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
        }

        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly) with { MaxConcurrency = 1 });
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            await Collect(message, token);
            if (message.QueueOffset == 1)
            {
                await goOn.Task;
            }

            return ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Received.Count == 2, "the second is at work");

        JsonElement info = await AskAsync(cluster, RequestCode.GetConsumerRunningInfo, ("consumerGroup", "g"), ("clientId", consumer.ClientId), ("jstackEnable", "true"));

        info.GetProperty("jstack").GetString().Should().Contain($"dotnet-stack report -p {Environment.ProcessId}");
        JsonElement queue = info.GetProperty("mqTable").EnumerateObject().Single(static entry => entry.Name.Contains("\"topic\":\"T\"", StringComparison.Ordinal)).Value;
        queue.GetProperty("cachedMsgCount").GetInt32().Should().Be(2);
        queue.GetProperty("cachedMsgMinOffset").GetInt32().Should().Be(1);
        queue.GetProperty("cachedMsgMaxOffset").GetInt32().Should().Be(2);
        queue.GetProperty("commitOffset").GetInt32().Should().Be(1);
        queue.GetProperty("locked").GetBoolean().Should().Be(orderly);
        queue.GetProperty("lastPullTimestamp").GetInt64().Should().BePositive();
        queue.GetProperty("lastConsumeTimestamp").GetInt64().Should().BePositive();
        JsonElement properties = info.GetProperty("properties");
        properties.GetProperty("PROP_CONSUMEORDERLY").GetString().Should().Be(orderly ? "true" : "false");
        properties.GetProperty("PROP_THREADPOOL_CORE_SIZE").GetString().Should().Be("1");
        properties.GetProperty("PROP_NAMESERVER_ADDR").GetString().Should().Be(cluster.NameServer);
        info.GetProperty("subscriptionSet").EnumerateArray().Select(static item => item.GetProperty("topic").GetString()).Should().BeEquivalentTo("T", "%RETRY%g");
        goOn.SetResult();
    }

    [Fact]
    public async Task RunningInfo_OfAnotherGroup_IsRefusedInJavasWords()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqPushConsumer consumer = await StartAsync(cluster);

        foreach (int code in (int[])[RequestCode.GetConsumerRunningInfo, RequestCode.ConsumeMessageDirectly])
        {
            RemotingCommand answer = await InvokeAsync(cluster, code, default, ("consumerGroup", "other"));
            answer.Code.Should().Be(ResponseCode.SystemError);
            answer.Remark.Should().Be("The Consumer Group <other> not exist in this consumer");
        }
    }

    [Fact]
    public async Task Status_HasTheOffsetsReachedInTheTopic()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        cluster.Broker.Append("T", 1, "m");
        await using RocketMqPushConsumer consumer = await StartAsync(cluster);
        await Eventually.TrueAsync(() => Received.Count == 1, "the message came");

        await Eventually.TrueAsync(
            async () => (await AskAsync(cluster, RequestCode.GetConsumerStatusFromClient, ("group", "g"), ("topic", "T"))).GetProperty("messageQueueTable").EnumerateObject()
                .Any(static entry => entry.Name == "{\"brokerName\":\"broker-a\",\"queueId\":1,\"topic\":\"T\"}" && entry.Value.GetInt32() == 1),
            "the status has the offset");
        (await AskAsync(cluster, RequestCode.GetConsumerStatusFromClient, ("group", "other"), ("topic", "T"))).GetProperty("messageQueueTable").EnumerateObject().Should().BeEmpty();
    }

    [Fact]
    public async Task ConsumeDirectly_RunsTheHandlerOnceAndMovesNothing()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "works");
        cluster.Broker.Append("T", 0, "later");
        cluster.Broker.Append("T", 0, "throws");
        bool direct = false;
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            ConsumeResult done = await Collect(message, token);
            return (Volatile.Read(ref direct) ? message.GetText() : string.Empty) switch
            {
                "throws" => throw new InvalidOperationException("it cannot be"),
                "later" => ConsumeResult.Later,
                _ => done,
            };
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.PullMessage).Any(static pull => pull.Get("commitOffset") == "3"), "all three are done");
        Volatile.Write(ref direct, true);

        JsonElement[] results = [await ConsumeAsync(cluster, consumer, 0), await ConsumeAsync(cluster, consumer, 1), await ConsumeAsync(cluster, consumer, 2)];

        results.Select(static result => result.GetProperty("consumeResult").GetString()).Should().Equal("CR_SUCCESS", "CR_LATER", "CR_THROW_EXCEPTION");
        results.Should().OnlyContain(static result => result.GetProperty("autoCommit").GetBoolean() && !result.GetProperty("order").GetBoolean() && result.GetProperty("spentTimeMills").GetInt64() >= 0);
        results[2].GetProperty("remark").GetString().Should().Contain("it cannot be").And.Contain(nameof(ConsumeDirectly_RunsTheHandlerOnceAndMovesNothing), "the stack is in it");
        Texts.Skip(3).Should().Equal("works", "later", "throws");
        Received.Skip(3).Should().OnlyContain(static message => message.Queue.BrokerName == "broker-a");
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().BeEmpty();
        (await InvokeAsync(cluster, RequestCode.ConsumeMessageDirectly, new byte[40], ("consumerGroup", "g"))).Remark.Should().StartWith("the message cannot be read");
    }

    /// <summary>One record holds them all; each is handled by itself, up to the first that is not done.</summary>
    [Theory]
    [InlineData("works", "CR_SUCCESS", "first", "works", "last")]
    [InlineData("later", "CR_LATER", "first", "later")]
    [InlineData("dead", "CR_LATER", "first", "dead")]
    [InlineData("throws", "CR_THROW_EXCEPTION", "first", "throws")]
    public async Task ConsumeDirectly_ABatch_HandsEachMessageOutOnceUpToTheFirstThatIsNotDone(string second, string result, params string[] handled)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "before");
        cluster.Broker.AppendBatch("T", 0, ("first", "A"), (second, "A"), ("last", "A"));
        bool direct = false;
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            ConsumeResult done = await Collect(message, token);
            return (Volatile.Read(ref direct) ? message.GetText() : string.Empty) switch
            {
                "throws" => throw new InvalidOperationException("it cannot be"),
                "later" => ConsumeResult.Later,
                "dead" => ConsumeResult.DeadLetter,
                _ => done,
            };
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.PullMessage).Any(static pull => pull.Get("commitOffset") == "4"), "all four are done");
        Volatile.Write(ref direct, true);

        JsonElement answer = await ConsumeAsync(cluster, consumer, 1);

        answer.GetProperty("consumeResult").GetString().Should().Be(result);
        Received.Skip(4).Select(static message => (message.QueueOffset, message.GetText(), message.MessageId))
            .Should().Equal(handled.Select(static (text, index) => (1L + index, text, "id-" + text)));
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().BeEmpty();
        cluster.Broker.Of(RequestCode.SendMessageV2).Should().BeEmpty("nothing is given back");
    }

    [Fact]
    public async Task ResetOffset_MovesWhatIsRead()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        for (int i = 0; i < 4; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
        }

        await using RocketMqPushConsumer consumer = await StartAsync(cluster);
        await Eventually.TrueAsync(() => Received.Count == 4, "all came");
        string[] bodies =
        [
            "no table",
            "{\"offsetTable\":{{\"brokerName\":\"broker-a\",\"queueId\":7,\"topic\":\"T\"}:0}}",
            "{\"offsetTable\":{{\"brokerName\":\"broker-a\",\"queueId\":0,\"topic\":\"Other\"}:0}}",
            "{\"offsetTable\":{{\"brokerName\":\"broker-a\",\"queueId\":0,\"topic\":\"T\"}:2,{\"brokerName\":\"broker-a\",\"queueId\":1,\"topic\":\"T\"}:0}}",
        ];

        foreach (string body in bodies)
        {
            RemotingCommand reset = RemotingCommand.CreateRequest(RequestCode.ResetConsumerClientOffset).Set("group", "g").Set("topic", "T").Set("timestamp", 1);
            reset.Body = Encoding.UTF8.GetBytes(body);
            cluster.Broker.MemberOf("g").SendOneWay(reset).Should().BeTrue();
        }

        await Eventually.TrueAsync(() => Received.Count == 6, "two came again");
        Texts.Skip(4).Order(StringComparer.Ordinal).Should().Equal("m2", "m3");
    }

    private static async Task<JsonElement> ConsumeAsync(FakeCluster cluster, RocketMqPushConsumer consumer, int offset) => Body(await InvokeAsync(
        cluster, RequestCode.ConsumeMessageDirectly, cluster.Broker.Record("T", 0, offset), ("consumerGroup", "g"), ("clientId", consumer.ClientId), ("brokerName", "broker-a"), ("msgId", "0")));

    private static async Task<JsonElement> AskAsync(FakeCluster cluster, int code, params (string Name, string Value)[] fields) => Body(await InvokeAsync(cluster, code, default, fields));

    private static Task<RemotingCommand> InvokeAsync(FakeCluster cluster, int code, ReadOnlyMemory<byte> body, params (string Name, string Value)[] fields)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(code);
        foreach ((string name, string value) in fields)
        {
            request.Set(name, value);
        }

        request.Body = body;
        return cluster.Broker.MemberOf("g").InvokeAsync(request, Patience, CancellationToken.None);
    }

    private static JsonElement Body(RemotingCommand response)
    {
        response.Code.Should().Be(ResponseCode.Success, response.Remark);
        using JsonDocument body = JsonDocument.Parse(LenientJson.ToStrict(response.Body.Span).ToArray());
        return body.RootElement.Clone();
    }

    private async Task<RocketMqPushConsumer> StartAsync(FakeCluster cluster)
    {
        RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        return consumer;
    }
}
