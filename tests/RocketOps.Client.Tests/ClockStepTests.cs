using System.Collections.Concurrent;
using System.Net;
using RocketOps.Client.Consuming.Answers;
using RocketOps.Client.Producing.Sending;
using RocketOps.Client.Tests.Consuming;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests;

/// <summary>
/// The clock on the wall is set an hour forward or back while clients work. How long something takes is not measured by it, so that nothing is given up, held up, lost or repeated. Where a test has to pass
/// time, it does so by a clock that stands still otherwise.
/// </summary>
public sealed class ClockStepTests : ConsumerTestBase
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _clock = new();
    private readonly ConcurrentQueue<ClientError> _errors = new();

    public static TheoryData<int> Hours => [1, -1];

    [Theory]
    [MemberData(nameof(Hours))]
    public async Task Send_StepWhileItIsUnderWay_GoesOn(int hours)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        (FakePeer nameServer, TaskCompletionSource route) = await StartNameServerAsync(cluster);
        await using FakePeer stopped = nameServer;
        int attempts = 0;
        TaskCompletionSource answer = Hold(cluster, RequestCode.SendMessageV2);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request =>
            Interlocked.Increment(ref attempts) == 1 ? RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "not now") : null;
        await using RocketMqProducer producer = new(ProducerOptions(nameServer.Address));
        Task<SendResult> sending = producer.SendAsync(new Message("T", "x"));
        await Eventually.TrueAsync(() => !nameServer.Received.IsEmpty, "the route is asked for");

        Step(hours);
        route.SetResult();
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 1, "the first attempt is made");
        Step(hours);
        answer.SetResult();
        TimeSpan pause = TimeSpan.FromMilliseconds(50);
        await Eventually.TrueAsync(() => _clock.HasTimerIn(pause), "the send pauses before it asks the only broker again");
        _clock.Advance(pause);

        (await sending.WaitAsync(Eventually.DefaultDeadline)).Status.Should().Be(SendStatus.SendOk);
        attempts.Should().Be(2, "there is time for another attempt");
        cluster.Broker.Connections.Should().ContainSingle("nothing was disconnected");
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public async Task Send_StepWhileNobodyAnswers_EndsInItsTime(int hours)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        Hold(cluster, RequestCode.SendMessageV2);
        await using RocketMqProducer producer = new(ProducerOptions(cluster.NameServer) with { RetryTimes = 2 });
        Task<SendResult> sending = producer.SendAsync(new Message("T", "x"));
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 1, "it is under way");

        Step(hours);
        _clock.Advance(Limit - TimeSpan.FromMilliseconds(1));
        sending.IsCompleted.Should().BeFalse("its time is not over");
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        (await sending.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>()).Which.IsOutcomeUnknown.Should().BeTrue();
        cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle("there is no time for another attempt");
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public async Task SendBatched_StepWhileOthersWait_SendsThemOnce(int hours)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqProducer producer = new(ProducerOptions(cluster.NameServer) with { AutoBatch = true });
        await producer.SendAsync(new Message("T", "0"), "key");
        TaskCompletionSource answer = Hold(cluster, RequestCode.SendMessageV2);
        Task<SendResult> first = producer.SendAsync(new Message("T", "1"), "key");
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 2, "one is under way, for which the others wait");
        Task<SendResult>[] others = [.. Enumerable.Range(2, 8).Select(i => producer.SendAsync(new Message("T", $"{i}"), "key"))];

        Step(hours);
        answer.SetResult();
        await Task.WhenAll(others.Append(first)).WaitAsync(Eventually.DefaultDeadline);

        cluster.Broker.Texts("T", 0).Should().Equal(Enumerable.Range(0, 10).Select(static i => $"{i}"));
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public void BrokerThatFailed_Step_IsLeftAloneAsLong(int hours)
    {
        BrokerFaults faults = new(_clock);
        faults.Note("a", TimeSpan.Zero, failed: true);

        Step(hours);

        faults.IsAvailable("a").Should().BeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(9_999));
        faults.IsAvailable("a").Should().BeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        faults.IsAvailable("a").Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public async Task Transaction_StepBeforeItsEnd_IsAnsweredForAndCommitted(int hours)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        ConcurrentQueue<string> asked = new();
        await using RocketMqProducer producer = new(ProducerOptions(cluster.NameServer) with
        {
            Group = "pg",
            TransactionChecker = (message, _) =>
            {
                asked.Enqueue(message.MessageId);
                return ValueTask.FromResult(TransactionResolution.Commit);
            },
        });
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "x"));

        Step(hours);
        RemotingConnection connection = cluster.Broker.Producers.Values.Single();
        RemotingCommand question = RemotingCommand.CreateRequest(RequestCode.CheckTransactionState).Set("topic", "T").Set("bname", cluster.Broker.Name).Set("tranStateTableOffset", 71).Set("commitLogOffset", 1234);
        question.Body = cluster.Broker.Record("T", 0, 0);
        connection.SendOneWay(question).Should().BeTrue("nothing was disconnected");
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.EndTransaction).Length == 1, "the broker gets an answer");
        await transaction.CommitAsync();

        asked.Should().Equal(transaction.MessageId);
        cluster.Broker.Of(RequestCode.EndTransaction).Select(static end => end.Get("fromTransactionCheck")).Should().Equal("true", "false");
        _errors.Should().BeEmpty();
    }

    /// <summary>A busy producer numbers its messages around within a second, and the hour comes twice.</summary>
    [Fact]
    public void UniqueKeys_ClockIsSetBack_NeverRepeatOne()
    {
        UniqueKeys keys = new(_clock, IPAddress.Loopback);
        const int Numbers = 1 << 16;
        HashSet<string> before = [.. Enumerable.Range(0, Numbers).Select(_ => keys.Next())];

        Step(1);
        string between = keys.Next();
        Step(-1);
        string[] after = [.. Enumerable.Range(0, Numbers - 1).Select(_ => keys.Next())];

        before.Should().HaveCount(Numbers);
        before.Should().NotContain(between).And.NotIntersectWith(after);
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public async Task Consume_StepsWhileItReads_HandlesCommitsAndGreetsOn(int hours)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        cluster.AddTopic("%RETRY%g", 1);
        MovedTime clock = new();
        await using RocketMqPushConsumer consumer = new(Options(cluster) with
        {
            TimeProvider = clock,
            HeartbeatInterval = TimeSpan.FromMilliseconds(50),
            RebalanceInterval = TimeSpan.FromMilliseconds(50),
            CommitInterval = TimeSpan.FromMilliseconds(50),
            RouteRefreshInterval = TimeSpan.FromMilliseconds(50),
            OnError = _errors.Enqueue,
        });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        int sent = 0;
        await RoundAsync();
        int connections = cluster.Broker.Connections.Count;

        clock.Set(TimeSpan.FromHours(hours));
        await RoundAsync();
        clock.Set(TimeSpan.FromHours(-hours));
        await RoundAsync();
        await consumer.StopAsync();

        Texts.Should().BeEquivalentTo(Enumerable.Range(0, sent).Select(static i => $"{i}"), "each comes once");
        cluster.Broker.Connections.Should().HaveCount(connections, "nothing was disconnected");
        cluster.Broker.Of(RequestCode.UnregisterClient).Should().ContainSingle("it left at the end only");
        _errors.Should().BeEmpty();

        async Task RoundAsync()
        {
            for (int i = 0; i < 10; i++)
            {
                cluster.Broker.Append("T", i % 2, $"{sent++}");
            }

            await Eventually.TrueAsync(() => Texts.Count == sent && cluster.Broker.Offsets.GetValueOrDefault(("T", 0)) == sent / 2 && cluster.Broker.Offsets.GetValueOrDefault(("T", 1)) == sent / 2, "all is handled and committed");
            int[] codes = [RequestCode.HeartBeat, RequestCode.GetConsumerListByGroup, RequestCode.PullMessage];
            int[] before = [.. codes.Select(code => cluster.Broker.Of(code).Length)];
            int routes = cluster.RouteQuestions("T");
            await Eventually.TrueAsync(() => codes.Zip(before).All(code => cluster.Broker.Of(code.First).Length > code.Second + 1) && cluster.RouteQuestions("T") > routes + 1, "greetings, balancing, pulls and routes go on");
        }
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public async Task Handler_StepWhileItWorks_HasItsTimeAndNoMore(int hours)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m");
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(ConsumerOptions(cluster) with { ConsumeTimeout = TimeSpan.FromMinutes(1) });
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            await Collect(message, token);
            await done.Task;
            return ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Count == 1, "a handler has it");

        Step(hours);
        _clock.Advance(TimeSpan.FromSeconds(54));
        await RequestAsync(cluster, consumer);
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().BeEmpty("its time is not over");
        await PassUntilAsync(() => cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Length == 1, TimeSpan.FromSeconds(12), "it is given back");

        done.SetResult();
        await consumer.StopAsync();
        _errors.Select(static error => error.Id.Id).Should().Equal([4150], "it has had the message for too long");
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public async Task Orderly_Steps_ItsLocksAreTakenAgainAndNeverKeptTooLong(int hours)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqPushConsumer consumer = new(ConsumerOptions(cluster) with { IsOrderly = true });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        cluster.Broker.Append("T", 0, "0");
        await Eventually.TrueAsync(() => Texts.Count == 1, "it reads");

        // A step forward may be a machine that was suspended, whose locks are over at the broker: they are asked for again first.
        Step(hours);
        cluster.Broker.Append("T", 0, "1");
        await PassUntilAsync(() => Texts.Contains("1"), TimeSpan.FromSeconds(21), "it has the lock");
        int locks = cluster.Broker.Of(RequestCode.LockBatchMq).Length;
        await PassUntilAsync(() => cluster.Broker.Of(RequestCode.LockBatchMq).Length > locks, TimeSpan.FromSeconds(21), "the lock is renewed");
        Step(-hours);
        cluster.Broker.Append("T", 0, "2");
        await PassUntilAsync(() => Texts.Contains("2"), TimeSpan.FromSeconds(21), "it has the lock");
        await Eventually.TrueAsync(() => ((IAnsweringConsumer)consumer).Reading.Any(static queue => queue.Offset == 3), "the handler is done");
        await PassUntilAsync(() => cluster.Broker.Offsets.GetValueOrDefault(("T", 0)) == 3, TimeSpan.FromSeconds(6), "it is committed");
        _errors.Select(static error => error.Id.Id).Should().Equal([4139], "one of the steps was forward");

        // One that no broker renews is over in its time: another member may have it then.
        cluster.Broker.Overrides[RequestCode.LockBatchMq] = static request => RemotingCommand.CreateResponse(request, ResponseCode.SystemBusy, "not now");
        Step(hours);
        await PassUntilAsync(() => _errors.Count(static error => error.Id.Id == 4139) > 1, TimeSpan.FromSeconds(60), "the lock is given up");
        cluster.Broker.Overrides.Clear();
        cluster.Broker.Append("T", 0, "3");
        await PassUntilAsync(() => Texts.Contains("3"), TimeSpan.FromSeconds(60), "the lock is got again");
        await consumer.StopAsync();

        // What was not committed when a lock was over comes again, in order.
        Texts.Distinct().Should().Equal("0", "1", "2", "3");
    }

    private static TaskCompletionSource Hold(FakeCluster cluster, int code)
    {
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[code] = answer.Task;
        return answer;
    }

    private static async Task<(FakePeer NameServer, TaskCompletionSource Route)> StartNameServerAsync(FakeCluster cluster)
    {
        TaskCompletionSource route = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FakePeer nameServer = await FakePeer.StartSlowAsync((RequestCode.GetRouteInfoByTopic, async request =>
        {
            await route.Task;
            return FakePeer.Body(cluster.Route("T"))(request);
        }
        ));
        return (nameServer, route);
    }

    // An answer that comes behind everything that was asked before.
    private static async Task RequestAsync(FakeCluster cluster, RocketMqPushConsumer consumer)
    {
        int heartbeats = cluster.Broker.Of(RequestCode.HeartBeat).Length;
        await consumer.Client.SendHeartbeatsAsync(default);
        cluster.Broker.Of(RequestCode.HeartBeat).Length.Should().BeGreaterThan(heartbeats);
    }

    private void Step(int hours) => _clock.Set(TimeSpan.FromHours(hours));

    // Lets time go on by the second, so that what waits has waited by then, and no further than said.
    private async Task PassUntilAsync(Func<bool> condition, TimeSpan atMost, string what)
    {
        TimeSpan passed = TimeSpan.Zero;
        await Eventually.TrueAsync(
            () =>
            {
                if (!condition() && passed < atMost)
                {
                    passed += TimeSpan.FromSeconds(1);
                    _clock.Advance(TimeSpan.FromSeconds(1));
                }

                return condition();
            },
            what);
    }

    private ProducerOptions ProducerOptions(string nameServer) => new()
    {
        NameServers = nameServer,
        SendTimeout = Limit,
        ConnectTimeout = TimeSpan.FromDays(1),
        RequestTimeout = TimeSpan.FromDays(1),
        TimeProvider = _clock,
        OnError = _errors.Enqueue,
    };

    private PushConsumerOptions ConsumerOptions(FakeCluster cluster) => Options(cluster) with
    {
        TimeProvider = _clock,
        ConnectTimeout = TimeSpan.FromDays(1),
        RequestTimeout = TimeSpan.FromDays(1),
        PullTimeout = TimeSpan.FromDays(1),
        OnError = _errors.Enqueue,
    };
}
