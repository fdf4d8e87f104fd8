using System.Net;
using System.Net.Sockets;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Producing.Sending;

/// <summary>Each attempt of a send has its share of the time, and a broker that does not answer is left alone.</summary>
public sealed class AttemptTimeTests
{
    private const int Avoided = 4156;
    private const int Back = 4157;

    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(3);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLoggerFactory _log = new();

    [Fact]
    public async Task Send_OneBrokerOfTwoHangs_IsStoredByTheOtherAfterAThirdOfTheTime()
    {
        await using FakeCluster cluster = await StartClusterAsync(brokers: 2);
        TaskCompletionSource answers = Hang(cluster.Broker);
        await using RocketMqProducer producer = Producer(cluster);
        Task<SendResult> sending = await SendToHangingBrokerAsync(producer, cluster.Broker);

        _time.Advance(SendTimeout / 3);

        (await sending.WaitAsync(Eventually.DefaultDeadline)).Queue.BrokerName.Should().Be("broker-b");
        for (int i = 0; i < 4; i++)
        {
            (await producer.SendAsync(new Message("T", "x")).WaitAsync(Eventually.DefaultDeadline)).Queue.BrokerName.Should().Be("broker-b");
        }

        cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle("the broker that hangs gets no further message");
        _log.Entries.Where(static entry => entry.Event == Avoided).Should().ContainSingle().Which.Text.Should().StartWith($"broker broker-a ({cluster.Broker.Address}) gets no messages while there is another");
        answers.SetResult();
    }

    [Fact]
    public async Task Send_BrokerAnswersAgain_GetsMessagesAfterAProbe()
    {
        await using FakeCluster cluster = await StartClusterAsync(brokers: 2);
        TaskCompletionSource answers = Hang(cluster.Broker);
        await using RocketMqProducer producer = Producer(cluster);
        Task<SendResult> sending = await SendToHangingBrokerAsync(producer, cluster.Broker);
        _time.Advance(SendTimeout / 3);
        await sending.WaitAsync(Eventually.DefaultDeadline);
        answers.SetResult();
        int heartbeats = cluster.Broker.Of(RequestCode.HeartBeat).Length;

        _time.Advance(TimeSpan.FromSeconds(2));

        (await producer.SendAsync(new Message("T", "x")).WaitAsync(Eventually.DefaultDeadline)).Queue.BrokerName.Should().Be("broker-b", "no message is the probe");
        await Eventually.TrueAsync(() => _log.Entries.Any(static entry => entry.Event == Back), "the broker is back");
        cluster.Broker.Of(RequestCode.HeartBeat).Length.Should().Be(heartbeats + 1);
        SendResult[] results = await Task.WhenAll(producer.SendAsync(new Message("T", "x")), producer.SendAsync(new Message("T", "x"))).WaitAsync(Eventually.DefaultDeadline);
        results.Select(static result => result.Queue.BrokerName).Should().BeEquivalentTo("broker-a", "broker-b");
    }

    [Fact]
    public async Task Send_AllBrokersHang_NamesEachAttempt()
    {
        await using FakeCluster cluster = await StartClusterAsync(brokers: 2);
        TaskCompletionSource[] answers = [.. cluster.Brokers.Select(Hang)];
        await using RocketMqProducer producer = Producer(cluster);
        Task<SendResult> sending = producer.SendAsync(new Message("T", "x"));
        await Eventually.TrueAsync(() => cluster.Brokers.Sum(static broker => broker.Of(RequestCode.SendMessageV2).Length) == 1 && _time.HasTimerIn(SendTimeout / 3), "the first attempt has a third");
        (FakeBroker first, FakeBroker second) = cluster.Broker.Of(RequestCode.SendMessageV2).Length == 1 ? (cluster.Brokers[0], cluster.Brokers[1]) : (cluster.Brokers[1], cluster.Brokers[0]);
        _time.Advance(SendTimeout / 3);
        await Eventually.TrueAsync(() => second.Of(RequestCode.SendMessageV2).Length == 1 && _time.HasTimerIn(2 * SendTimeout / 3), "the last broker has the rest");

        _time.Advance(2 * SendTimeout / 3);

        RocketMqException failure = (await sending.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>()).Which;
        failure.Message.Should().Be(
            $"send to topic T failed: {first.Name}: {first.Address} did not answer a send within 1000 ms; {second.Name}: {second.Address} did not answer a send within 2000 ms; 2 attempts in 3.0 s");
        failure.IsOutcomeUnknown.Should().BeTrue("the brokers have the message");
        failure.Reason.Should().Be(RocketMqErrorReason.Timeout);
        failure.Attempts.Select(static attempt => (attempt.BrokerName, attempt.Address, attempt.Duration, attempt.Reason)).Should().Equal(
            (first.Name, first.Address, SendTimeout / 3, RocketMqErrorReason.Timeout), (second.Name, second.Address, 2 * SendTimeout / 3, RocketMqErrorReason.Timeout));
        Array.ForEach(answers, static answer => answer.SetResult());
    }

    /// <summary>The only broker refuses 40 ms before the end.</summary>
    [Fact]
    public async Task Send_TooLittleTimeIsLeft_MakesNoFurtherAttempt()
    {
        await using FakeCluster cluster = await StartClusterAsync(brokers: 1);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request =>
        {
            _time.Advance(SendTimeout - TimeSpan.FromMilliseconds(40));
            return RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "not now");
        };
        await using RocketMqProducer producer = Producer(cluster);

        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "x")).WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>().WithMessage("*1 attempt in 3.0 s");

        cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle();
    }

    /// <summary>The master has moved: the first route names an address that refuses connections, later ones where it is.</summary>
    [Fact]
    public async Task SendByKey_ConnectionIsRefused_TriesTheSameQueueAgain()
    {
        await using FakeCluster cluster = await StartClusterAsync(brokers: 1);
        using Socket refusing = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        refusing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string route = cluster.Route("T");
        string before = route.Replace(cluster.Broker.Address, refusing.LocalEndPoint!.ToString(), StringComparison.Ordinal);
        int questions = 0;
        await using FakePeer nameServer = await FakePeer.StartAsync(
            (RequestCode.GetRouteInfoByTopic, request => FakePeer.Body(Interlocked.Increment(ref questions) == 1 ? before : route)(request)));
        await using RocketMqProducer producer = new(Options(nameServer.Address));
        Task<SendResult> sending = producer.SendAsync(new Message("T", "x"), "key");

        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(5));
                return sending.IsCompleted;
            },
            "the send ends");

        (await sending).Status.Should().Be(SendStatus.SendOk);
    }

    private static async Task<FakeCluster> StartClusterAsync(int brokers)
    {
        FakeCluster cluster = await FakeCluster.StartAsync(brokers);
        cluster.AddTopic("T", 1);
        return cluster;
    }

    private static TaskCompletionSource Hang(FakeBroker broker)
    {
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        broker.Holds[RequestCode.SendMessageV2] = answer.Task;
        return answer;
    }

    /// <summary>Queues are taken in turn, from any on: one of the first two messages goes to each broker.</summary>
    private async Task<Task<SendResult>> SendToHangingBrokerAsync(RocketMqProducer producer, FakeBroker broker)
    {
        Task<SendResult> sending;
        do
        {
            sending = producer.SendAsync(new Message("T", "x"));
            await Eventually.TrueAsync(() => sending.IsCompleted || (broker.Of(RequestCode.SendMessageV2).Length == 1 && _time.HasTimerIn(SendTimeout / 3)), "the attempt is under way");
        }
        while (sending.IsCompleted);
        return sending;
    }

    private RocketMqProducer Producer(FakeCluster cluster) => new(Options(cluster.NameServer));

    private ProducerOptions Options(string nameServer) => new()
    {
        NameServers = nameServer,
        SendTimeout = SendTimeout,
        ConnectTimeout = Eventually.DefaultDeadline,
        RequestTimeout = Eventually.DefaultDeadline,
        TimeProvider = _time,
        LoggerFactory = _log,
    };
}
