using System.Diagnostics.Metrics;
using System.Text;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Producing;

public sealed class RequestReplyTests
{
    private static readonly TimeSpan Patience = Eventually.DefaultDeadline;

    [Fact]
    public async Task Request_Replied_ReturnsTheReply()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);
        Message question = new("T", "how many bottles?", "TagA");

        Task<ReceivedMessage> asking = producer.RequestAsync(question, Patience);
        Dictionary<string, string> request = await RequestAsync(cluster);
        RemotingCommand answer = await PushAsync(cluster, request["CORRELATION_ID"], "17");

        ReceivedMessage reply = await asking;
        reply.GetText().Should().Be("17");
        reply.Properties.Should().Contain("kind", "count");
        reply.Should().Match<ReceivedMessage>(static reply => reply.Topic == "C_REPLY_TOPIC" && reply.QueueOffset == -1 && reply.MessageId == "id-17");
        reply.BornHost.ToString().Should().Be("127.0.0.1:4711");
        answer.Code.Should().Be(ResponseCode.Success);
        request.Should().Contain("TTL", "180000").And.ContainKey("REPLY_TO_CLIENT");
        cluster.Broker.Producers.Should().ContainKey(request["REPLY_TO_CLIENT"], "the broker knows whom to hand the reply to");
        question.Properties.Keys.Should().BeEquivalentTo("TAGS");
    }

    [Fact]
    public async Task Request_SeveralAtATime_GetTheirOwnReplies()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);

        Task<ReceivedMessage>[] asking = [.. Enumerable.Range(0, 20).Select(i => producer.RequestAsync(new Message("T", i.ToString()), Patience))];
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 20, "all are sent");
        foreach (RemotingCommand request in cluster.Broker.Of(RequestCode.SendMessageV2).Reverse())
        {
            await PushAsync(cluster, Properties(request)["CORRELATION_ID"], Encoding.UTF8.GetString(request.Body.Span));
        }

        (await Task.WhenAll(asking)).Select(static reply => reply.GetText()).Should().Equal(Enumerable.Range(0, 20).Select(static i => i.ToString()));
    }

    [Fact]
    public async Task Request_ProducersOfOneClient_GetTheirOwnReplies()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqClient client = new(cluster.ConnectionOptions with { OnError = static _ => { } });
        await using RocketMqProducer first = new(cluster.ProducerOptions with { Client = client, Group = "first" });
        await using RocketMqProducer second = new(cluster.ProducerOptions with { Client = client, Group = "second" });

        Task<ReceivedMessage>[] asking = [first.RequestAsync(new Message("T", "1"), Patience), second.RequestAsync(new Message("T", "2"), Patience)];
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 2, "both are sent");
        foreach (RemotingCommand request in cluster.Broker.Of(RequestCode.SendMessageV2))
        {
            (await PushAsync(cluster, Properties(request)["CORRELATION_ID"], Encoding.UTF8.GetString(request.Body.Span))).Code.Should().Be(ResponseCode.Success);
        }

        (await Task.WhenAll(asking)).Select(static reply => reply.GetText()).Should().Equal("1", "2");
    }

    [Fact]
    public async Task Request_NobodyReplies_TimesOutAndALateReplyIsDropped()
    {
        const string Topic = "NobodyReplies";
        int sent = 0;
        using MeterListener meters = new();
        meters.InstrumentPublished = static (instrument, own) =>
        {
            if (instrument.Name == "messaging.client.sent.messages")
            {
                own.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<long>((_, count, tags, _) => Interlocked.Add(ref sent, tags.ToArray().Any(static tag => Equals(tag.Value, Topic)) ? (int)count : 0));
        meters.Start();
        await using FakeCluster cluster = await StartAsync();
        cluster.AddTopic(Topic, 1);
        FakeTimeProvider time = new();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { TimeProvider = time, OnError = static _ => { } });
        Task<ReceivedMessage> asking = producer.RequestAsync(new Message(Topic, "x"), TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(() => Volatile.Read(ref sent) == 1, "the sender knows that it is stored");

        time.Advance(TimeSpan.FromSeconds(30));

        RequestTimeoutException late = (await FluentActions.Awaiting(() => asking).Should().ThrowAsync<RequestTimeoutException>()).Which;
        late.IsOutcomeUnknown.Should().BeTrue();
        late.Request.Queue.Topic.Should().Be(Topic);
        (await PushAsync(cluster, (await RequestAsync(cluster))["CORRELATION_ID"], "late")).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Request_CallerGivesUp_IsCancelled()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);
        using CancellationTokenSource stop = new();

        Task<ReceivedMessage> asking = producer.RequestAsync(new Message("T", "x"), Patience, stop.Token);
        await RequestAsync(cluster);
        await stop.CancelAsync();

        await FluentActions.Awaiting(() => asking).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Reply_ThatNobodyWaitsFor_IsDroppedAlsoWhereProducersShareAClient()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqClient client = new(cluster.ConnectionOptions with { OnError = static _ => { } });
        await using RocketMqProducer first = new(cluster.ProducerOptions with { Client = client, Group = "first" });
        await using RocketMqProducer second = new(cluster.ProducerOptions with { Client = client, Group = "second" });
        using CancellationTokenSource stop = new();
        Task<ReceivedMessage> asking = second.RequestAsync(new Message("T", "x"), Patience, stop.Token);
        string id = (await RequestAsync(cluster))["CORRELATION_ID"];
        await stop.CancelAsync();
        await FluentActions.Awaiting(() => asking).Should().ThrowAsync<OperationCanceledException>();

        RemotingCommand answer = await PushAsync(cluster, id, "late");

        answer.Code.Should().Be(ResponseCode.Success, "the consumer replied in good faith, as with Java's clients");
    }

    [Fact]
    public async Task Request_ProducerDisposed_Ends()
    {
        await using FakeCluster cluster = await StartAsync();
        RocketMqProducer producer = Producer(cluster);
        Task<ReceivedMessage> asking = producer.RequestAsync(new Message("T", "x"), Patience);
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 1, "it is sent");

        await producer.DisposeAsync();

        (await FluentActions.Awaiting(() => asking).Should().ThrowAsync<Exception>()).Which.Should().NotBeOfType<RequestTimeoutException>("nobody waits a minute for a producer that is gone");
    }

    [Fact]
    public async Task Reply_ThatCannotBeRead_EndsTheRequestAndIsRefused()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);
        Task<ReceivedMessage> asking = producer.RequestAsync(new Message("T", "x"), Patience);

        RemotingCommand answer = await PushAsync(cluster, (await RequestAsync(cluster))["CORRELATION_ID"], "no zlib", sysFlag: 1);

        answer.Code.Should().Be(ResponseCode.SystemError);
        await FluentActions.Awaiting(() => asking).Should().ThrowAsync<RocketMqException>().WithMessage("*cannot be read*");
    }

    [Fact]
    public async Task Reply_AnyFields_LeaveTheConnectionAlone()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);
        Task<ReceivedMessage> asking = producer.RequestAsync(new Message("T", "x"), Patience);
        Dictionary<string, string> request = await RequestAsync(cluster);
        Random random = new(17);
        string[] names = ["topic", "queueId", "sysFlag", "bornTimestamp", "properties", "storeTimestamp", "bornHost", "flag", "reconsumeTimes"];

        for (int i = 0; i < 300; i++)
        {
            RemotingCommand push = RemotingCommand.CreateRequest(RequestCode.PushReplyMessageToClient);
            foreach (string name in names.Where(_ => random.Next(2) == 0))
            {
                push.Set(name, new string([.. Enumerable.Range(0, random.Next(0, 20)).Select(_ => (char)random.Next(1, 0x100))]));
            }

            (await cluster.Broker.Producers.Values.Single().InvokeAsync(push, Patience)).Code.Should().BeOneOf(ResponseCode.Success, ResponseCode.SystemError);
        }

        await PushAsync(cluster, request["CORRELATION_ID"], "17");
        (await asking).GetText().Should().Be("17");
    }

    [Fact]
    public async Task Request_Delayed_IsRefusedHere()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);

        await FluentActions.Awaiting(() => producer.RequestAsync(new Message("T", "x") { DelayLevel = 1 }, Patience)).Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task Reply_ToARequest_GoesByTheBrokerThatHadIt()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("C_REPLY_TOPIC", 2);
        await using RocketMqProducer producer = Producer(cluster);

        for (int i = 0; i < 6; i++)
        {
            await producer.ReplyAsync(Request("broker-b"), "17");
        }

        cluster.Broker.Of(RequestCode.SendReplyMessageV2).Should().BeEmpty();
        RemotingCommand reply = cluster.Brokers[1].Of(RequestCode.SendReplyMessageV2).Should().HaveCount(6).And.Subject.First();
        reply.Get("b").Should().Be("C_REPLY_TOPIC");
        Properties(reply).Should().Contain("MSG_TYPE", "reply").And.Contain("CORRELATION_ID", "c-1").And.Contain("REPLY_TO_CLIENT", "asker").And.Contain("TTL", "3000");
        Encoding.UTF8.GetString(reply.Body.Span).Should().Be("17");
    }

    [Fact]
    public async Task Reply_SenderIsGone_Throws()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("C_REPLY_TOPIC", 1);
        cluster.Broker.Overrides[RequestCode.SendReplyMessageV2] = request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "push reply message fail, channel of <asker> not found.");
        await using RocketMqProducer producer = Producer(cluster);

        await FluentActions.Awaiting(() => producer.ReplyAsync(Request("broker-a"), "17")).Should().ThrowAsync<RocketMqException>().WithMessage("*channel of <asker> not found*");
        cluster.Broker.Of(RequestCode.SendReplyMessageV2).Should().ContainSingle();
    }

    [Fact]
    public async Task Reply_ToWhatIsNoRequest_IsRefusedHere()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);
        ReceivedMessage message = Request("broker-a") with { Properties = new Dictionary<string, string>(StringComparer.Ordinal) };

        message.IsRequest.Should().BeFalse();
        await FluentActions.Awaiting(() => producer.ReplyAsync(message, "17")).Should().ThrowAsync<ArgumentException>().WithMessage("*is no request*");
    }

    private static ReceivedMessage Request(string broker) => new()
    {
        Topic = "T",
        Queue = new MessageQueue("T", broker, 0),
        QueueOffset = 0,
        Body = default,
        Properties = new Dictionary<string, string>(StringComparer.Ordinal) { ["CORRELATION_ID"] = "c-1", ["REPLY_TO_CLIENT"] = "asker", ["TTL"] = "3000", ["CLUSTER"] = "C" },
        MessageId = "id",
        OffsetMessageId = "id",
        CommitLogOffset = 0,
        ReconsumeTimes = 0,
        BornTime = default,
        StoreTime = default,
        BornHost = new System.Net.IPEndPoint(0, 0),
        StoreHost = new System.Net.IPEndPoint(0, 0),
        Flag = 0,
    };

    private static Dictionary<string, string> Properties(RemotingCommand request) => MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(request.GetRequired("i")));

    private static async Task<Dictionary<string, string>> RequestAsync(FakeCluster cluster)
    {
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 1, "the request is sent");
        return Properties(cluster.Broker.Of(RequestCode.SendMessageV2).Single());
    }

    // As a broker hands a reply on.
    private static Task<RemotingCommand> PushAsync(FakeCluster cluster, string correlationId, string body, int sysFlag = 0)
    {
        RemotingConnection asker = cluster.Broker.Producers.Values.Single();
        RemotingCommand push = RemotingCommand.CreateRequest(RequestCode.PushReplyMessageToClient)
            .Set("producerGroup", "pg").Set("topic", "C_REPLY_TOPIC").Set("defaultTopic", "TBW102").Set("defaultTopicQueueNums", 4).Set("queueId", 0).Set("sysFlag", sysFlag)
            .Set("bornTimestamp", 1_731_999_999_000).Set("flag", 7).Set("reconsumeTimes", 0).Set("unitMode", false).Set("bornHost", "127.0.0.1:4711").Set("storeHost", "127.0.0.1:10911").Set("storeTimestamp", 1_731_999_999_001)
            .Set("properties", MessagePropertiesCodec.Write(new Dictionary<string, string>(StringComparer.Ordinal) { ["CORRELATION_ID"] = correlationId, ["UNIQ_KEY"] = "id-" + body, ["kind"] = "count" }));
        push.Body = Encoding.UTF8.GetBytes(body);
        return asker.InvokeAsync(push, Patience);
    }

    private static async Task<FakeCluster> StartAsync()
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        return cluster;
    }

    private static RocketMqProducer Producer(FakeCluster cluster) => new(cluster.ProducerOptions with { OnError = static _ => { } });
}
