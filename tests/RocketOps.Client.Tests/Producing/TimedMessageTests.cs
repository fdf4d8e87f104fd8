using System.Collections.Concurrent;
using System.Text;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Tests.Producing;

public sealed class TimedMessageTests
{
    private static readonly DateTimeOffset Due = DateTimeOffset.FromUnixTimeMilliseconds(1_900_000_000_123);

    // As 5.5.0 writes it.
    private static readonly string Handle = Convert.ToBase64String("v1 T broker-a 1900000000124 C0000202"u8.ToArray());

    [Fact]
    public async Task Send_WithATime_CarriesRocketMqsProperties()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);

        await producer.SendAsync(new Message("T", "x") { DeliverAt = Due });
        await producer.SendAsync(new Message("T", "x") { DeliverAfter = TimeSpan.FromSeconds(2.5) });
        await producer.SendAsync(new Message("T", "x") { DeliverAfter = TimeSpan.Zero });
        await producer.SendAsync(new Message("T", "x") { DelayLevel = 3 });

        Dictionary<string, string>[] sent = [.. cluster.Broker.Of(RequestCode.SendMessageV2).Select(static request => MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(request.GetRequired("i"))))];
        sent[0].Should().Contain("TIMER_DELIVER_MS", "1900000000123").And.NotContainKey("DELAY");
        sent[1].Should().Contain("TIMER_DELAY_MS", "2500").And.NotContainKey("TIMER_DELIVER_MS");
        sent[2].Keys.Should().BeEquivalentTo("WAIT", "UNIQ_KEY");
        sent[3].Should().Contain("DELAY", "3");
    }

    [Fact]
    public void Message_Delays_AreWhatWasSet()
    {
        new Message("T", "x") { DeliverAt = Due }.DeliverAt.Should().Be(Due);
        new Message("T", "x") { DeliverAfter = TimeSpan.FromMilliseconds(1.5) }.DeliverAfter.Should().Be(TimeSpan.FromMilliseconds(2));
        new Message("T", "x") { DelayLevel = 18 }.DelayLevel.Should().Be(18);
        new Message("T", "x").Should().Match<Message>(static message => message.DeliverAt == null && message.DeliverAfter == null && message.DelayLevel == 0);
        FluentActions.Invoking(() => new Message("T", "x") { DeliverAfter = TimeSpan.FromSeconds(-1) }).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public async Task Send_DelayedTwiceOrInABatch_IsRefusedHere()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);

        foreach (Message message in new[]
        {
            new Message("T", "x") { DeliverAt = Due, DelayLevel = 1 }, new Message("T", "x") { DeliverAt = Due, DeliverAfter = TimeSpan.FromSeconds(1) },
            new Message("T", "x") { DelayLevel = 1, DeliverAfter = TimeSpan.FromSeconds(1) },
        })
        {
            await FluentActions.Awaiting(() => producer.SendAsync(message)).Should().ThrowAsync<ArgumentException>().WithMessage("*more than one of*");
        }

        await FluentActions.Awaiting(() => producer.SendBatchAsync([new Message("T", "x"), new Message("T", "x") { DeliverAt = Due }])).Should().ThrowAsync<ArgumentException>().WithMessage("*delayed*");
        cluster.Broker.Of(RequestCode.SendMessageV2).Should().BeEmpty();
    }

    [Theory]
    [InlineData(MqVersion.V498, true)]
    [InlineData(MqVersion.V500, false)]
    public async Task Send_WithATimeToAnOldBroker_Warns(int version, bool warns)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(version: version);
        cluster.AddTopic("T", 1);
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqProducer producer = Producer(cluster, errors.Enqueue);

        await producer.SendAsync(new Message("T", "x") { DeliverAt = Due });
        await producer.SendAsync(new Message("T", "x") { DelayLevel = 3 });

        errors.Select(static error => error.Id.Id).Should().Equal(warns ? [4107] : []);
    }

    [Fact]
    public async Task Send_BrokerGivesAHandle_IsInTheResult()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request =>
            RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("msgId", "X").Set("queueId", 0).Set("queueOffset", 0).Set("recallHandle", Handle);
        await using RocketMqProducer producer = Producer(cluster);

        (await producer.SendAsync(new Message("T", "x") { DeliverAt = Due })).RecallHandle.Should().Be(Handle);
    }

    [Fact]
    public async Task Recall_SendsTheHandleToItsBroker()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", 1);
        await using RocketMqProducer producer = Producer(cluster);

        (await producer.RecallAsync(Handle)).Should().Be("C0000202");

        cluster.Brokers[1].Of(RequestCode.RecallMessage).Should().BeEmpty();
        cluster.Broker.Of(RequestCode.RecallMessage).Single().ExtFields.Should().Contain("topic", "T").And.Contain("recallHandle", Handle).And.Contain("producerGroup", "DEFAULT_PRODUCER");
    }

    [Fact]
    public async Task Recall_FromABrokerThatCameAfterTheRoute_FindsIt()
    {
        await using FakeCluster cluster = await StartAsync();
        string route = cluster.Route("T");
        cluster.SetRoute("T", route.Replace("broker-a", "broker-z", StringComparison.Ordinal));
        await using RocketMqProducer producer = Producer(cluster);
        (await producer.GetQueuesAsync("T")).Should().OnlyContain(static queue => queue.BrokerName == "broker-z");
        cluster.SetRoute("T", route);

        (await producer.RecallAsync(Handle)).Should().Be("C0000202");
    }

    [Fact]
    public async Task Recall_BrokerRefuses_Throws()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.Broker.Overrides[RequestCode.RecallMessage] = request => RemotingCommand.CreateResponse(request, ResponseCode.IllegalOperation, "timestamp invalid");
        await using RocketMqProducer producer = Producer(cluster);

        (await FluentActions.Awaiting(() => producer.RecallAsync(Handle)).Should().ThrowAsync<RocketMqException>()).Which.ResponseCode.Should().Be(ResponseCode.IllegalOperation);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("djEgVCBicm9rZXItYQ==")] // v1 T broker-a
    [InlineData("djEgIGJyb2tlci1hIDEgMg==")] // v1  broker-a 1 2
    [InlineData("djEgVCAgMSAy")] // v1 T  1 2
    public async Task Recall_ByWhatIsNoHandle_IsRefused(string handle)
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);

        await FluentActions.Awaiting(() => producer.RecallAsync(handle)).Should().ThrowAsync<ArgumentException>().WithMessage($"\"{handle}\" is no handle*");
        (await FluentActions.Awaiting(() => producer.RecallAsync(new string('A', 1_000_000))).Should().ThrowAsync<ArgumentException>())
            .Which.Message.Length.Should().BeLessThan(3000);
    }

    private static async Task<FakeCluster> StartAsync()
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        return cluster;
    }

    private static RocketMqProducer Producer(FakeCluster cluster, Action<ClientError>? onError = null) =>
        new(cluster.ProducerOptions with { OnError = onError ?? (static _ => { }) });
}
