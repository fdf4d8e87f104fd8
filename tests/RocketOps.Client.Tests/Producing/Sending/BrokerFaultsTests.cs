using RocketOps.Client.Producing.Sending;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Producing.Sending;

public sealed class BrokerFaultsTests
{
    private readonly FakeTimeProvider _time = new();

    /// <summary>The tables of 5.5.0: latencyMax 50, 100, 550, 1800, 3000, 5000, 15000; notAvailableDuration 0, 0, 2000, 5000, 6000, 10000, 30000.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(49, 0)]
    [InlineData(50, 0)]
    [InlineData(549, 0)]
    [InlineData(550, 2000)]
    [InlineData(1799, 2000)]
    [InlineData(1800, 5000)]
    [InlineData(3000, 6000)]
    [InlineData(5000, 10000)]
    [InlineData(14999, 10000)]
    [InlineData(15000, 30000)]
    [InlineData(100000, 30000)]
    public void NotAvailable_IsAsInTheTable(int latency, int expected) => BrokerFaults.NotAvailable(TimeSpan.FromMilliseconds(latency)).TotalMilliseconds.Should().Be(expected);

    [Fact]
    public void Broker_ThatFailed_IsLeftAloneForTenSeconds()
    {
        BrokerFaults faults = new(_time);

        faults.Note("a", TimeSpan.FromMilliseconds(1), failed: true);

        faults.IsAvailable("a").Should().BeFalse();
        faults.IsAvailable("b").Should().BeTrue();
        _time.Advance(TimeSpan.FromMilliseconds(9_999));
        faults.IsAvailable("a").Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        faults.IsAvailable("a").Should().BeTrue();
    }

    [Fact]
    public void Broker_ThatIsQuickAgain_IsAvailableAtOnce()
    {
        BrokerFaults faults = new(_time);
        faults.Note("a", TimeSpan.FromSeconds(20), failed: false);
        faults.IsAvailable("a").Should().BeFalse();

        faults.Note("a", TimeSpan.FromMilliseconds(5), failed: false);

        faults.IsAvailable("a").Should().BeTrue();
    }

    [Fact]
    public void Select_PrefersWhoIsAvailableAndTakesAnyWhenNobodyIs()
    {
        BrokerFaults faults = new(_time);
        QueueSelector selector = new();
        MessageQueue[] queues = [new("T", "a", 0), new("T", "a", 1), new("T", "b", 0), new("T", "c", 0)];
        faults.Note("a", TimeSpan.Zero, failed: true);

        Brokers(avoided: null).Should().BeEquivalentTo("b", "c");
        Brokers(avoided: "b").Should().BeEquivalentTo("c");
        faults.Note("b", TimeSpan.Zero, failed: true);
        faults.Note("c", TimeSpan.Zero, failed: true);
        Brokers(avoided: null).Should().BeEquivalentTo("a", "b", "c");
        Brokers(avoided: "b").Should().BeEquivalentTo("a", "c");

        IEnumerable<string> Brokers(string? avoided) => Enumerable.Range(0, 40).Select(_ => selector.Select(queues, avoided, faults).BrokerName).Distinct();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Send_BrokerThatFails_IsTriedOnceOrEveryTime(bool isEnabled)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", 1);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request => RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "shutting down");
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { SendLatencyFaultEnable = isEnabled, TimeProvider = _time, OnError = static _ => { } });

        for (int i = 0; i < 20; i++)
        {
            (await producer.SendAsync(new Message("T", "x"))).Queue.BrokerName.Should().Be("broker-b");
        }

        int tried = cluster.Broker.Of(RequestCode.SendMessageV2).Length;
        (isEnabled ? tried == 1 : tried > 5).Should().BeTrue($"it was tried {tried} times");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Send_StoredLessSafely_IsSentElsewhereWhenAsked(bool isEnabled)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", 1);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request =>
            RemotingCommand.CreateResponse(request, ResponseCode.FlushDiskTimeout).Set("msgId", "0").Set("queueId", "0").Set("queueOffset", "0");
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { RetryAnotherBrokerWhenNotStoreOk = isEnabled, OnError = static _ => { } });

        SendResult[] results = [await producer.SendAsync(new Message("T", "x")), await producer.SendAsync(new Message("T", "y"))];

        results.Count(static result => result.Status == SendStatus.SendOk).Should().Be(isEnabled ? 2 : 1, "queues are used in turn");
    }

    [Fact]
    public async Task Send_StoredLessSafelyAndNowhereElse_IsStoredAllTheSame()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", 1);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request =>
            RemotingCommand.CreateResponse(request, ResponseCode.FlushDiskTimeout).Set("msgId", "0").Set("queueId", "0").Set("queueOffset", "0");
        cluster.Brokers[1].Overrides[RequestCode.SendMessageV2] = static request => RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "shutting down");
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { RetryAnotherBrokerWhenNotStoreOk = true, OnError = static _ => { } });

        SendResult[] results = [await producer.SendAsync(new Message("T", "x")), await producer.SendAsync(new Message("T", "y"))];

        results.Should().OnlyContain(static result => result.Status == SendStatus.FlushDiskTimeout);
    }
}
