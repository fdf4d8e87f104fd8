using RocketOps.Client.Producing.Sending;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Producing.Sending;

/// <summary>A producer has no more under way than it may; further sends wait, or fail at once.</summary>
public sealed class InFlightLimitTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Enter_BeyondTheNumber_WaitsInOrder()
    {
        InFlightLimit limit = Create(new ProducerOptions { MaxInFlight = 2 });
        await EnterAsync(limit, 1);
        await EnterAsync(limit, 1);
        Task third = EnterAsync(limit, 1).AsTask();
        Task fourth = EnterAsync(limit, 1).AsTask();
        third.IsCompleted.Should().BeFalse();

        limit.Leave(1);

        await third.WaitAsync(Eventually.DefaultDeadline);
        fourth.IsCompleted.Should().BeFalse();
        limit.Sends.Should().Be(2);
        limit.Leave(1);
        await fourth.WaitAsync(Eventually.DefaultDeadline);
        limit.Waiting.Should().Be(0);
    }

    /// <summary>A small one that would fit does not overtake a large one.</summary>
    [Fact]
    public async Task Enter_BeyondTheBytes_WaitsInOrder()
    {
        InFlightLimit limit = Create(new ProducerOptions { MaxInFlightBytes = 100 });
        await EnterAsync(limit, 60);
        Task large = EnterAsync(limit, 60).AsTask();
        Task small = EnterAsync(limit, 10).AsTask();
        small.IsCompleted.Should().BeFalse();

        limit.Leave(60);

        await Task.WhenAll(large, small).WaitAsync(Eventually.DefaultDeadline);
    }

    [Fact]
    public async Task Enter_LargerThanAllThatMayBeUnderWay_GoesAlone()
    {
        InFlightLimit limit = Create(new ProducerOptions { MaxInFlightBytes = 100 });
        await EnterAsync(limit, 1000);
        Task next = EnterAsync(limit, 1).AsTask();
        next.IsCompleted.Should().BeFalse();

        limit.Leave(1000);

        await next.WaitAsync(Eventually.DefaultDeadline);
    }

    [Fact]
    public async Task Enter_NoRoomInTime_FailsAndLetsTheNextOneThrough()
    {
        InFlightLimit limit = Create(new ProducerOptions { MaxInFlightBytes = 100 });
        await EnterAsync(limit, 60);
        Task late = EnterAsync(limit, 60).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        Task small = EnterAsync(limit, 10).AsTask();

        _time.Advance(TimeSpan.FromSeconds(2));

        RocketMqException failure = (await late.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>()).Which;
        failure.Reason.Should().Be(RocketMqErrorReason.ClientBusy);
        failure.Message.Should().Contain("MaxInFlightBytes").And.Contain("none ended within 3000 ms");
        await small.WaitAsync(Eventually.DefaultDeadline);
        limit.Leave(10);
        limit.Leave(60);
        limit.Sends.Should().Be(0);
    }

    [Fact]
    public async Task Enter_GivenUp_LeavesTheQueue()
    {
        InFlightLimit limit = Create(new ProducerOptions { MaxInFlight = 1 });
        using CancellationTokenSource stop = new();
        await EnterAsync(limit, 1);
        Task waiting = limit.EnterAsync(1, _time.GetTimestamp(), stop.Token).AsTask();

        await stop.CancelAsync();

        await waiting.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<OperationCanceledException>();
        limit.Waiting.Should().Be(0);
        limit.Leave(1);
        limit.Sends.Should().Be(0);
    }

    [Fact]
    public async Task Enter_WhenFullIsThrow_FailsAtOnce()
    {
        InFlightLimit limit = Create(new ProducerOptions { MaxInFlight = 1, WhenFull = WhenFull.Throw });
        await EnterAsync(limit, 1);

        (await FluentActions.Awaiting(() => EnterAsync(limit, 1).AsTask()).Should().ThrowAsync<RocketMqException>()).Which.Reason.Should().Be(RocketMqErrorReason.ClientBusy);

        limit.Sends.Should().Be(1);
    }

    [Fact]
    public async Task Send_VeryManyAtOnce_NeverHasMoreUnderWayThanItMay()
    {
        const int Most = 50;
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", queues: 4);
        int underWay = 0;
        int highest = 0;
        TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.SendMessageV2] = open.Task;
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { MaxInFlight = Most });

        Task[] sends = [.. Enumerable.Range(0, 2_000).Select(i => producer.SendAsync(new Message("T", $"{i}")))];
        await Eventually.TrueAsync(() => (underWay = cluster.Broker.Of(RequestCode.SendMessageV2).Length) >= Most, "as many as may have come");
        highest = underWay;
        open.SetResult();
        await Task.WhenAll(sends).WaitAsync(Eventually.DefaultDeadline);

        highest.Should().Be(Most);
        cluster.Broker.Of(RequestCode.SendMessageV2).Should().HaveCount(2_000);
    }

    [Fact]
    public async Task OneWay_CountsToo()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", queues: 1);
        TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.SendMessageV2] = open.Task;
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { MaxInFlight = 1, WhenFull = WhenFull.Throw });
        Task<SendResult> first = producer.SendAsync(new Message("T", "first"));

        (await producer.Awaiting(static it => it.SendOneWayAsync(new Message("T", "second"))).Should().ThrowAsync<RocketMqException>()).Which.Reason.Should().Be(RocketMqErrorReason.ClientBusy);

        open.SetResult();
        await first;
        await producer.SendOneWayAsync(new Message("T", "third"));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Options_ThatLetNothingThrough_AreRefused(int sends, long bytes) =>
        FluentActions.Invoking(() => new RocketMqProducer(new ProducerOptions { NameServers = "127.0.0.1:1", MaxInFlight = sends, MaxInFlightBytes = bytes }))
            .Should().Throw<ArgumentException>().WithMessage("MaxInFlight and MaxInFlightBytes are at least 1*");

    private InFlightLimit Create(ProducerOptions options) => new(options with { TimeProvider = _time });

    private ValueTask EnterAsync(InFlightLimit limit, long bytes) => limit.EnterAsync(bytes, _time.GetTimestamp(), CancellationToken.None);
}
