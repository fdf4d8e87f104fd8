using System.Collections.Concurrent;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>Consumers of a topic with batch consume queues, whose records hold several messages.</summary>
public sealed class BatchRecordTests : ConsumerTestBase
{
    private static readonly MessageQueue Queue = new("T", "broker-a", 0);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Consume_Batch_HandsItsMessagesOutOneByOneAndCommitsBehindThem(bool orderly)
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly));
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Count == 5, "all came");
        await consumer.StopAsync();

        Received.OrderBy(static message => message.QueueOffset).Select(static message => (message.QueueOffset, message.GetText(), message.MessageId))
            .Should().Equal((0L, "first", "id-first"), (1L, "b0", "id-b0"), (2L, "b1", "id-b1"), (3L, "b2", "id-b2"), (4L, "last", "id-last"));
        cluster.Broker.Offsets[("T", 0)].Should().Be(5);
    }

    [Fact]
    public async Task Consume_FromWithinABatch_LeavesOutWhatIsDoneWith()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.Broker.Offsets[("T", 0)] = 2;
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Contains("last"), "the last came");
        await consumer.StopAsync();

        Texts.Should().BeEquivalentTo("b1", "b2", "last");
    }

    [Fact]
    public async Task Consume_OneTagOfABatch_GetsThoseWithIt()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "A", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Count == 2, "two have it");
        await consumer.StopAsync();

        Texts.Should().BeEquivalentTo("b0", "b2");
        cluster.Broker.Offsets[("T", 0)].Should().Be(5, "the others are not for this group");
    }

    [Fact]
    public async Task Consume_ByStreamPollAndReader_GivesTheSameMessages()
    {
        await using FakeCluster cluster = await StartAsync();
        List<string> streamed = [];
        await using (RocketMqStreamConsumer stream = new(Options(cluster) with { Group = "streams", MaxConcurrency = 1 }))
        {
            await stream.SubscribeAsync("T");
            using CancellationTokenSource deadline = new(Eventually.DefaultDeadline);
            while (streamed.Count < 5)
            {
                Delivery delivery = await stream.ReceiveAsync(deadline.Token);
                streamed.Add(delivery.Message.GetText());
                delivery.Ack();
            }
        }

        cluster.Broker.Offsets.Clear();
        List<string> polled = [];
        await using RocketMqLitePullConsumer polling = new(new LitePullConsumerOptions
        {
            NameServers = cluster.NameServer,
            Group = "polls",
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            ConnectTimeout = Eventually.DefaultDeadline,
            RequestTimeout = Eventually.DefaultDeadline,
        });
        await polling.SubscribeAsync("T");
        while (polled.Count < 5)
        {
            polled.AddRange((await polling.PollAsync(Eventually.DefaultDeadline)).Select(Text));
        }

        await using RocketMqReader reader = new(new AdminOptions { NameServers = cluster.NameServer, ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline });
        ReadResult all = await reader.ReadAsync(cluster.Broker.Address, Queue, 0, 32, SubscriptionExpression.All, TimeSpan.Zero);
        ReadResult rest = await reader.ReadAsync(cluster.Broker.Address, Queue, 2, 32, SubscriptionExpression.All, TimeSpan.Zero);

        string[] expected = ["first", "b0", "b1", "b2", "last"];
        streamed.Should().Equal(expected);
        polled.Should().Equal(expected);
        all.Messages.Select(Text).Should().Equal(expected);
        rest.Messages.Select(static message => message.QueueOffset).Should().Equal(2, 3, 4);
    }

    /// <summary>A record is found by the keys that its producer gave the batch, and by its place in the log.</summary>
    [Fact]
    public async Task Find_ABatch_GivesItsMessages()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.Broker.Overrides[RequestCode.QueryMessage] = Batch;
        cluster.Broker.Overrides[RequestCode.ViewMessageById] = Batch;
        await using RocketMqReader reader = new(new AdminOptions { NameServers = cluster.NameServer, ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline });

        IReadOnlyList<ReceivedMessage> byId = await reader.FindByIdAsync(cluster.Broker.Address, "T", "batch");
        IReadOnlyList<ReceivedMessage> byKey = await reader.FindByKeyAsync(cluster.Broker.Address, "T", "order", 32, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        ReceivedMessage? byPlace = await reader.FindByCommitLogOffsetAsync(cluster.Broker.Address, 0);

        (long, string, string)[] expected = [(1L, "b0", "id-b0"), (2L, "b1", "id-b1"), (3L, "b2", "id-b2")];
        byId.Select(Described).Should().Equal(expected);
        byKey.Select(Described).Should().Equal(expected);
        Described(byPlace!).Should().Be(expected[0], "there is one message at a place");

        RemotingCommand Batch(RemotingCommand request)
        {
            RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
            response.Body = cluster.Broker.Record("T", 0, 1);
            return response;
        }

        static (long QueueOffset, string Text, string MessageId) Described(ReceivedMessage message) => (message.QueueOffset, message.GetText(), message.MessageId);
    }

    [Fact]
    public async Task Batch_ThatCannotBeTakenApart_IsPassedOverAloneAndReported()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "no batch", sysFlag: SysFlags.NeedsUnwrap | SysFlags.InnerBatch);
        cluster.Broker.Append("T", 0, "behind");
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { OnError = errors.Enqueue });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Contains("behind"), "the next came");
        await consumer.StopAsync();

        Texts.Should().Equal("behind");
        errors.Should().ContainSingle(static error => error.Id.Id == 4124);
    }

    [Fact]
    public async Task GivenBack_MessageOfABatch_IsSentToTheRetryTopicByItself()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.AddTopic("%RETRY%g", 1);
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            await Collect(message, token);
            return message.GetText() == "b1" && message.Queue.Topic == "T" ? ConsumeResult.Later : ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Count == 6, "it came again");
        await consumer.StopAsync();

        Received.Should().ContainSingle(static message => message.Queue.Topic == "%RETRY%g")
            .Which.Should().Match<ReceivedMessage>(static message => message.GetText() == "b1" && message.Topic == "T" && message.MessageId == "id-b1");
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().BeEmpty("brokers take no batch back");
        cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle().Which.Get("b").Should().Be("%RETRY%g");
        cluster.Broker.Offsets[("T", 0)].Should().Be(5);
    }

    private static async Task<FakeCluster> StartAsync()
    {
        FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "first");
        cluster.Broker.AppendBatch("T", 0, ("b0", "A"), ("b1", "B"), ("b2", "A"));
        cluster.Broker.Append("T", 0, "last");
        return cluster;
    }
}
