using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Producing;

public sealed class RocketMqProducerTests
{
    [Fact]
    public async Task Send_OneMessage_CarriesEveryFieldOfTheHeader()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        await using RocketMqProducer producer = Producer(cluster);

        SendResult result = await producer.SendAsync(new Message("T", "hello"u8.ToArray(), "TagA", "k1", "k2") { Flag = 7 }.SetProperty("own", "value"));

        RemotingCommand request = cluster.Broker.Of(RequestCode.SendMessageV2).Single();
        Dictionary<string, string> fields = request.ExtFields!;
        fields.Should().Contain("a", "pg").And.Contain("b", "T").And.Contain("c", "TBW102").And.Contain("d", "4").And.Contain("e", "0").And.Contain("f", "0").And.Contain("h", "7")
            .And.Contain("j", "0").And.Contain("k", "false").And.Contain("m", "false").And.Contain("n", "broker-a").And.NotContainKey("l");
        MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(fields["i"])).Should().BeEquivalentTo(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["KEYS"] = "k1 k2",
            ["TAGS"] = "TagA",
            ["UNIQ_KEY"] = result.MessageId,
            ["WAIT"] = "true",
            ["own"] = "value",
        });
        Encoding.UTF8.GetString(request.Body.Span).Should().Be("hello");
        result.Status.Should().Be(SendStatus.SendOk);
        result.Queue.Should().Be(new MessageQueue("T", "broker-a", 0));
        result.QueueOffset.Should().Be(0);
    }

    [Fact]
    public async Task Send_ManyMessages_UsesQueuesInTurn()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", 3);
        await using RocketMqProducer producer = Producer(cluster);

        List<MessageQueue> queues = [];
        for (int i = 0; i < 12; i++)
        {
            queues.Add((await producer.SendAsync(new Message("T", "x"u8.ToArray()))).Queue);
        }

        queues.GroupBy(static queue => queue).Should().HaveCount(6).And.OnlyContain(static group => group.Count() == 2);
    }

    [Theory]
    [InlineData(ResponseCode.SystemError)]
    [InlineData(ResponseCode.SystemBusy)]
    [InlineData(ResponseCode.ServiceNotAvailable)]
    public async Task Send_BrokerRefusesForNow_TriesTheOther(int code)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", 2);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request => RemotingCommand.CreateResponse(request, code, "no");
        await using RocketMqProducer producer = Producer(cluster);

        for (int i = 0; i < 4; i++)
        {
            (await producer.SendAsync(new Message("T", "x"u8.ToArray()))).Queue.BrokerName.Should().Be("broker-b");
        }
    }

    [Fact]
    public async Task Send_BrokerRefusesForGood_ThrowsAtOnce()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 2);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request => RemotingCommand.CreateResponse(request, ResponseCode.MessageIllegal, "too long");
        await using RocketMqProducer producer = Producer(cluster);

        RocketMqException refusal = (await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "x"u8.ToArray()))).Should().ThrowAsync<RocketMqException>()).Which;

        refusal.ResponseCode.Should().Be(ResponseCode.MessageIllegal);
        cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle();
    }

    [Fact]
    public async Task Send_EveryAttemptRefused_NamesAll()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 2);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "no");
        await using RocketMqProducer producer = Producer(cluster);

        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "x"u8.ToArray()))).Should().ThrowAsync<RocketMqException>()
            .WithMessage($"send to topic T failed: broker-a: {cluster.Broker.Address} answered 1: no (3 times); 3 attempts in * s");

        cluster.Broker.Of(RequestCode.SendMessageV2).Should().HaveCount(3);
    }

    [Fact]
    public async Task Send_BrokerGone_GoesToTheOther()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", 1);
        await cluster.Broker.DisposeAsync();
        await using RocketMqProducer producer = Producer(cluster);

        (await producer.SendAsync(new Message("T", "x"u8.ToArray()))).Queue.BrokerName.Should().Be("broker-b");
        (await producer.SendAsync(new Message("T", "x"u8.ToArray()))).Queue.BrokerName.Should().Be("broker-b");
    }

    [Theory]
    [InlineData(ResponseCode.FlushDiskTimeout, SendStatus.FlushDiskTimeout)]
    [InlineData(ResponseCode.FlushSlaveTimeout, SendStatus.FlushSlaveTimeout)]
    [InlineData(ResponseCode.SlaveNotAvailable, SendStatus.SlaveNotAvailable)]
    public async Task Send_StoredButNotAsSafelyAsWished_IsAResultNotAnError(int code, SendStatus status)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request =>
            RemotingCommand.CreateResponse(request, code).Set("msgId", "X").Set("queueId", 0).Set("queueOffset", 5);
        await using RocketMqProducer producer = Producer(cluster);

        SendResult result = await producer.SendAsync(new Message("T", "x"u8.ToArray()));

        result.Status.Should().Be(status);
        result.QueueOffset.Should().Be(5);
    }

    [Fact]
    public async Task Send_TopicUnknown_UsesTheTemplatesRouteWithFewerQueues()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("TBW102", 8, perm: 7);
        await using RocketMqProducer producer = Producer(cluster);

        (await producer.GetQueuesAsync("New")).Should().HaveCount(4).And.OnlyContain(static queue => queue.Topic == "New");
        (await producer.SendAsync(new Message("New", "x"u8.ToArray()))).Queue.Topic.Should().Be("New");
    }

    [Fact]
    public async Task Send_NoRouteAnywhere_SaysSo()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        await using RocketMqProducer producer = Producer(cluster);

        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "x"u8.ToArray()))).Should().ThrowAsync<RocketMqException>().WithMessage("no route for topic T*");
    }

    [Fact]
    public async Task Send_ReadOnlyTopic_SaysSo()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 4, perm: 4);
        await using RocketMqProducer producer = Producer(cluster);

        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "x"u8.ToArray()))).Should().ThrowAsync<RocketMqException>().WithMessage("topic T cannot be written*");
    }

    [Fact]
    public async Task Send_LargeBody_TravelsAsZlib()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        await using RocketMqProducer producer = Producer(cluster);
        byte[] body = Encoding.UTF8.GetBytes(new string('a', 5000));

        await producer.SendAsync(new Message("T", body));

        RemotingCommand request = cluster.Broker.Of(RequestCode.SendMessageV2).Single();
        request.Get("f").Should().Be((0x301).ToString());
        using MemoryStream plain = new();
        using ZLibStream zlib = new(new MemoryStream(request.Body.ToArray()), CompressionMode.Decompress);
        zlib.CopyTo(plain);
        plain.ToArray().Should().Equal(body);
    }

    [Fact]
    public async Task Send_LargeBodyWithLz4_TravelsAsAFrame()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { CompressionType = CompressionType.Lz4 });
        byte[] body = Encoding.UTF8.GetBytes(new string('a', 5000));

        await producer.SendAsync(new Message("T", body));

        RemotingCommand request = cluster.Broker.Of(RequestCode.SendMessageV2).Single();
        request.Get("f").Should().Be((0x101).ToString());
        request.Body.Length.Should().BeLessThan(100);
        BodyCompression.Decompress(request.Body, 0x101, 5000).ToArray().Should().Equal(body);
    }

    [Fact]
    public async Task SendBatch_ThreeMessages_IsLaidOutAsRocketMqs()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        await using RocketMqProducer producer = Producer(cluster);

        SendResult result = await producer.SendBatchAsync([new Message("T", "a"u8.ToArray(), "A"), new Message("T", "bb"u8.ToArray()), new Message("T", "ccc"u8.ToArray()) { Flag = 9 }]);

        RemotingCommand request = cluster.Broker.Of(RequestCode.SendBatchMessage).Single();
        request.Get("m").Should().Be("true");
        string[] ids = result.MessageId.Split(',');
        ids.Should().HaveCount(3);
        ReadOnlySpan<byte> rest = request.Body.Span;
        foreach ((string body, int flag, string id) in new[] { ("a", 0, ids[0]), ("bb", 0, ids[1]), ("ccc", 9, ids[2]) })
        {
            int size = BinaryPrimitives.ReadInt32BigEndian(rest);
            BinaryPrimitives.ReadInt64BigEndian(rest[4..]).Should().Be(0, "magic and CRC are zero");
            BinaryPrimitives.ReadInt32BigEndian(rest[12..]).Should().Be(flag);
            BinaryPrimitives.ReadInt32BigEndian(rest[16..]).Should().Be(body.Length);
            Encoding.UTF8.GetString(rest.Slice(20, body.Length)).Should().Be(body);
            int propertiesLength = BinaryPrimitives.ReadInt16BigEndian(rest[(20 + body.Length)..]);
            size.Should().Be(22 + body.Length + propertiesLength);
            MessagePropertiesCodec.Read(rest.Slice(22 + body.Length, propertiesLength)).Should().Contain("UNIQ_KEY", id);
            rest = rest[size..];
        }

        rest.Length.Should().Be(0);
    }

    [Fact]
    public async Task SendBatch_MessagesThatDoNotGoTogether_AreRefused()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        await using RocketMqProducer producer = Producer(cluster);
        Message plain = new("T", "a"u8.ToArray());

        foreach (Message other in new[] { new Message("U", "a"u8.ToArray()), new Message("T", "a"u8.ToArray()) { DelayLevel = 1 }, new Message("T", "a"u8.ToArray()) { WaitStored = false } })
        {
            await FluentActions.Awaiting(() => producer.SendBatchAsync([plain, other])).Should().ThrowAsync<ArgumentException>();
        }

        await FluentActions.Awaiting(() => producer.SendBatchAsync([])).Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task SendOneWay_Message_ArrivesWithTheOneWayFlag()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        await using RocketMqProducer producer = Producer(cluster);

        await producer.SendOneWayAsync(new Message("T", "x"u8.ToArray()));

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 1, "the message arrived");
        cluster.Broker.Of(RequestCode.SendMessageV2)[0].IsOneWay.Should().BeTrue();
    }

    [Fact]
    public async Task Send_WithShardingKey_StaysOnOneQueue()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", 4);
        await using RocketMqProducer producer = Producer(cluster);

        HashSet<MessageQueue> queues = [];
        for (int i = 0; i < 5; i++)
        {
            queues.Add((await producer.SendAsync(new Message("T", "x"u8.ToArray()), "order-17")).Queue);
        }

        queues.Should().ContainSingle();
        MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(cluster.Brokers.SelectMany(static broker => broker.Of(RequestCode.SendMessageV2)).First().GetRequired("i"))).Should().Contain("__SHARDINGKEY", "order-17");
    }

    [Fact]
    public async Task Send_TooLargeOrEmpty_IsRefusedHere()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { MaxMessageBytes = 10 });

        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", new byte[11]))).Should().ThrowAsync<ArgumentException>().WithMessage("*11 bytes, more than 10*");
        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", ReadOnlyMemory<byte>.Empty))).Should().ThrowAsync<ArgumentException>();
        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "x"u8.ToArray()).SetProperty("long", new string('p', 40_000)))).Should().ThrowAsync<ArgumentException>().WithMessage("*more than 32767*");
    }

    [Fact]
    public async Task Dispose_AfterSending_UnregistersFromBrokersThatWereTold()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        RocketMqProducer producer = Producer(cluster);
        await producer.SendAsync(new Message("T", "x"u8.ToArray()));
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.HeartBeat).Length > 0, "the broker got a heartbeat");

        await producer.DisposeAsync();
        await producer.DisposeAsync();

        cluster.Broker.Of(RequestCode.UnregisterClient).Should().ContainSingle().Which.Get("producerGroup").Should().Be("pg");
        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "x"u8.ToArray()))).Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task Send_AnswerNeverComes_SaysThatTheOutcomeIsUnknown()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        await using FakePeer silent = await FakePeer.StartAsync((RequestCode.SendMessageV2, static _ => null));
        cluster.Redirect("T", silent.Address);
        FakeTimeProvider time = new();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { TimeProvider = time, OnError = static _ => { } });
        Task<SendResult> sending = producer.SendAsync(new Message("T", "x"));
        await Eventually.TrueAsync(() => !silent.Received.IsEmpty, "the request is on its way");

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(10));
                return sending.IsCompleted;
            },
            "nobody waits any more");

        RocketMqException failure = (await sending.Awaiting(static it => it).Should().ThrowAsync<RocketMqException>()).Which;
        failure.IsOutcomeUnknown.Should().BeTrue("the request was on its way");
        failure.ResponseCode.Should().BeNull();
    }

    [Fact]
    public async Task Send_GivenUpWhileTheAnswerIsAwaited_EndsAtOnce()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        await using FakePeer silent = await FakePeer.StartAsync((RequestCode.SendMessageV2, static _ => null));
        cluster.Redirect("T", silent.Address);
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { SendTimeout = TimeSpan.FromMinutes(10), OnError = static _ => { } });
        using CancellationTokenSource givingUp = new();
        Task<SendResult> sending = producer.SendAsync(new Message("T", "x"), givingUp.Token);
        await Eventually.TrueAsync(() => !silent.Received.IsEmpty, "the request is on its way");

        await givingUp.CancelAsync();

        await sending.Awaiting(static it => it).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Send_ConnectionClosesWhileTheAnswerIsAwaited_FailsWithoutWaitingForTheTimeout()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        FakePeer silent = await FakePeer.StartAsync((RequestCode.SendMessageV2, static _ => null));
        cluster.Redirect("T", silent.Address);
        await using RocketMqProducer producer = new(
            cluster.ProducerOptions with { SendTimeout = TimeSpan.FromMinutes(10), RetryTimes = 0, OnError = static _ => { } });
        Task<SendResult> sending = producer.SendAsync(new Message("T", "x"));
        await Eventually.TrueAsync(() => !silent.Received.IsEmpty, "the request is on its way");

        await silent.DisposeAsync();

        (await sending.Awaiting(static it => it).Should().ThrowAsync<RocketMqException>()).Which.IsOutcomeUnknown.Should().BeTrue();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("seventeen")]
    [InlineData("-1")]
    public async Task Send_AnswerWithoutAPosition_IsAnErrorOfUnknownOutcome(string? offset)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request => RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("msgId", "7F").Set("queueId", 0).Set("queueOffset", offset);
        await using RocketMqProducer producer = Producer(cluster);

        RocketMqException failure = (await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "x"))).Should().ThrowAsync<RocketMqException>()).Which;

        failure.IsOutcomeUnknown.Should().BeTrue();
    }

    [Fact]
    public async Task Send_NobodyListens_SaysThatNothingWasSent()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.Redirect("T", "127.0.0.1:1");
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { OnError = static _ => { } });

        RocketMqException failure = (await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "x"))).Should().ThrowAsync<RocketMqException>()).Which;

        failure.IsOutcomeUnknown.Should().BeFalse();
    }

    [Fact]
    public async Task Send_StoredLessSafelyThanConfigured_IsReported()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request => RemotingCommand.CreateResponse(request, ResponseCode.SlaveNotAvailable).Set("msgId", "7F").Set("queueId", 0).Set("queueOffset", 3);
        List<ClientError> errors = [];
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { OnError = errors.Add });

        SendResult result = await producer.SendAsync(new Message("T", "x"));

        result.Status.Should().Be(SendStatus.SlaveNotAvailable);
        errors.Should().ContainSingle().Which.MessageId.Should().Be(result.MessageId);
    }

    [Fact]
    public async Task Message_OfTextAndOfJson_CarriesUtf8()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        await using RocketMqProducer producer = Producer(cluster);

        await producer.SendAsync(new Message("T", "größe", "TagA"));
        await producer.SendAsync(Message.FromJson("T", [17, 4], NumbersJson.Default.Int32Array, keys: "k"));

        cluster.Broker.Of(RequestCode.SendMessageV2).Select(static request => Encoding.UTF8.GetString(request.Body.Span)).Should().Equal("größe", "[17,4]");
    }

    private static RocketMqProducer Producer(FakeCluster cluster) => new(cluster.ProducerOptions with { Group = "pg" });
}

[System.Text.Json.Serialization.JsonSerializable(typeof(int[]))]
internal sealed partial class NumbersJson : System.Text.Json.Serialization.JsonSerializerContext;
