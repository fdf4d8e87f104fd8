using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests;

/// <summary>Programs that start before their cluster does, and producers that connect ahead of their first send.</summary>
public sealed class StartTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <summary>More than passes in any test.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromDays(1);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLoggerFactory _log = new();

    [Fact]
    public async Task Start_TheClusterIsStartingToo_WaitsAndSaysSoOnce()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        int busy = 3;
        await using FakePeer nameServer = await FakePeer.StartAsync((
            RequestCode.GetRouteInfoByTopic,
            request => Interlocked.Decrement(ref busy) >= 0 ? FakePeer.Code(ResponseCode.SystemBusy, "starting")(request) : FakePeer.Code(ResponseCode.TopicNotExist)(request)));
        await using RocketMqPushConsumer consumer = new(cluster.ConsumerOptions with { NameServers = nameServer.Address, StartTimeout = Long, TimeProvider = _time, LoggerFactory = _log });
        await consumer.SubscribeAsync("T", "*", static (_, _) => ValueTask.FromResult(ConsumeResult.Success));

        Task start = consumer.StartAsync();
        await WaitsAsync();
        await PassUntilEndAsync(start);
        await start;

        nameServer.Received.Should().HaveCountGreaterThan(3);
        _log.Messages.Where(static line => line.Contains("waits up to 86400 s for the cluster", StringComparison.Ordinal)).Should().ContainSingle().Which.Should().Contain("group g").And.Contain("starting");
    }

    [Fact]
    public async Task Start_NoNameServerIsThere_FailsAfterItsTimeAndTellsTheTries()
    {
        await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { NameServers = Nobody(), Group = "g", TimeProvider = _time, LoggerFactory = _log });
        await consumer.SubscribeAsync("T", "*", static (_, _) => ValueTask.FromResult(ConsumeResult.Success));

        Task start = consumer.StartAsync();
        await PassUntilEndAsync(start);

        (await FluentActions.Awaiting(() => start).Should().ThrowAsync<NameServersUnreachableException>()).Which.Message.Should().MatchRegex("^the start of group g did not succeed in [0-9]{2} attempts within 30 s: .*refused");
    }

    [Fact]
    public async Task Start_WithoutTimeToWait_FailsAtTheFirstSilence()
    {
        await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { NameServers = Nobody(), Group = "g", StartTimeout = TimeSpan.Zero, TimeProvider = _time, LoggerFactory = _log });
        await consumer.SubscribeAsync("T", "*", static (_, _) => ValueTask.FromResult(ConsumeResult.Success));

        await consumer.Awaiting(static it => it.StartAsync()).Should().ThrowAsync<NameServersUnreachableException>();

        _log.Messages.Should().NotContain(static line => line.Contains("waits up to", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_TheCallerGivesUp_EndsAtOnce()
    {
        using CancellationTokenSource stop = new();
        await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { NameServers = Nobody(), Group = "g", TimeProvider = _time, LoggerFactory = _log });
        await consumer.SubscribeAsync("T", "*", static (_, _) => ValueTask.FromResult(ConsumeResult.Success));

        Task start = consumer.StartAsync(stop.Token);
        await WaitsAsync();
        await stop.CancelAsync();

        await FluentActions.Awaiting(() => start).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Connect_ThenSend_AsksNothingMore()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", queues: 1);
        await using RocketMqProducer producer = new(cluster.ProducerOptions);

        await producer.ConnectAsync(["T"]);

        cluster.Brokers.Should().OnlyContain(static broker => broker.Of(RequestCode.HeartBeat).Length > 0, "each broker knows the group");
        int questions = cluster.RouteQuestions("T");
        await producer.SendAsync(new Message("T", "first"));
        cluster.RouteQuestions("T").Should().Be(questions);
    }

    [Fact]
    public async Task Connect_TheTopicComesLater_WaitsForIt()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { StartTimeout = Long, TimeProvider = _time, LoggerFactory = _log });

        Task connect = producer.ConnectAsync(["T"]);
        await WaitsAsync();
        cluster.AddTopic("T", queues: 1);
        await PassUntilEndAsync(connect);

        await connect;
    }

    [Fact]
    public async Task Connect_OneOfTwoBrokersIsAway_SucceedsAndTellsWhich()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", queues: 1);
        string away = Nobody();
        cluster.Redirect("T", away);
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { LoggerFactory = _log });

        await producer.ConnectAsync(["T"]);

        _log.Messages.Should().Contain(line => line.StartsWith($"heartbeat to {away} failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connect_NoBrokerOfATopicAnswers_FailsWithItsReason()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", queues: 1);
        string away = Nobody();
        cluster.Redirect("T", away);
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { Group = "p", TimeProvider = _time, LoggerFactory = _log });

        Task connect = producer.ConnectAsync(["T"]);
        await PassUntilEndAsync(connect);

        await FluentActions.Awaiting(() => connect).Should().ThrowAsync<RocketMqException>().WithMessage($"the connection of producer p did not succeed in * attempts within 30 s: connect to {away} failed*");
    }

    [Fact]
    public async Task Connect_WithoutTopics_IsRefused()
    {
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = Nobody(), LoggerFactory = _log });

        await producer.Awaiting(static it => it.ConnectAsync([])).Should().ThrowAsync<ArgumentException>().WithMessage("*name the topics*");
    }

    /// <summary>An address where no program listens.</summary>
    private static string Nobody() => $"127.0.0.1:{LoopbackPorts.Find()}";

    private Task WaitsAsync() => Eventually.TrueAsync(() => _log.Messages.Any(static line => line.Contains("waits up to", StringComparison.Ordinal)), "the first try has failed");

    private Task PassUntilEndAsync(Task start) => Eventually.TrueAsync(
        () =>
        {
            _time.Advance(Step);
            return start.IsCompleted;
        },
        "the start ends");
}
