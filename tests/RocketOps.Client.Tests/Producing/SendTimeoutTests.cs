using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Producing;

/// <summary>The time of a send holds for all that belongs to it, and disposing waits for what is under way.</summary>
public sealed class SendTimeoutTests
{
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(20);

    private static readonly string Handle = Convert.ToBase64String("v1 T broker-a 1900000000124 C0000202"u8.ToArray());

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData("key", false)]
    [InlineData("key", true)]
    public async Task Send_NameServersHang_EndsInTime(string? key, bool autoBatch)
    {
        await using FakePeer silent = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, static _ => null));
        await using RocketMqProducer producer = new(Options(silent.Address) with { AutoBatch = autoBatch });
        Task<SendResult> sending = key is null ? producer.SendAsync(new Message("T", "x")) : producer.SendAsync(new Message("T", "x"), key);
        await Eventually.TrueAsync(() => !silent.Received.IsEmpty, "a name server is asked");

        _time.Advance(SendTimeout);

        await sending.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>().WithMessage("no name server told the route of topic T within 10000 ms");
    }

    /// <summary>The second question, the first one about U, is not answered.</summary>
    [Fact]
    public async Task Send_ANameServerHangs_TheNextIsAskedInTheTimeOfTheSameSend()
    {
        TimeSpan requestTimeout = TimeSpan.FromSeconds(6);
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.AddTopic("U", 1);
        int questions = 0;
        await using FakePeer one = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, Answer));
        await using FakePeer other = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, Answer));
        await using RocketMqProducer producer = new(Options($"{one.Address};{other.Address}") with { RequestTimeout = requestTimeout });
        await producer.SendAsync(new Message("T", "x"));
        Task<SendResult> sending = producer.SendAsync(new Message("U", "x"));
        await Eventually.TrueAsync(() => Volatile.Read(ref questions) == 2 && _time.HasTimerIn(requestTimeout / 2), "the first name server has half of the time for a request");

        _time.Advance(requestTimeout / 2);

        (await sending.WaitAsync(Eventually.DefaultDeadline)).Status.Should().Be(SendStatus.SendOk);
        new[] { one.Received.Count, other.Received.Count }.Order().Should().Equal(1, 2);

        RemotingCommand? Answer(RemotingCommand request) => Interlocked.Increment(ref questions) == 2 ? null : FakePeer.Body(cluster.Route(request.GetRequired("topic")))(request);
    }

    /// <summary>The second question, the first one about U, is not answered; the time of its send is over before any time that a name server has.</summary>
    [Fact]
    public async Task Send_ANameServerHangsForAllOfItsTime_TheNextSendAsksTheOther()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.AddTopic("U", 1);
        int questions = 0;
        await using FakePeer one = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, Answer));
        await using FakePeer other = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, Answer));
        await using RocketMqProducer producer = new(Options($"{one.Address};{other.Address}"));
        await producer.SendAsync(new Message("T", "x"));
        Task<SendResult> sending = producer.SendAsync(new Message("U", "x"));
        await Eventually.TrueAsync(() => Volatile.Read(ref questions) == 2, "a name server is asked");

        _time.Advance(SendTimeout);

        await sending.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>().WithMessage("no name server told the route of topic U within 10000 ms");
        await producer.SendAsync(new Message("U", "y")).WaitAsync(Eventually.DefaultDeadline);
        new[] { one.Received.Count, other.Received.Count }.Order().Should().Equal(1, 2);

        RemotingCommand? Answer(RemotingCommand request) => Interlocked.Increment(ref questions) == 2 ? null : FakePeer.Body(cluster.Route(request.GetRequired("topic")))(request);
    }

    /// <summary>The first send asks for the route; the second one came while it waited.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Send_BatchedByKeyWhileAnotherWaitsForTheRoute_HasItsOwnTime(bool isAnswered)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int questions = 0;
        await using FakePeer nameServer = await FakePeer.StartSlowAsync((RequestCode.GetRouteInfoByTopic, async request =>
        {
            bool isFirst = Interlocked.Increment(ref questions) == 1;
            await answer.Task;
            return isAnswered || !isFirst ? FakePeer.Body(cluster.Route("T"))(request) : FakePeer.Code(ResponseCode.SystemError, "not now")(request);
        }
        ));
        await using RocketMqProducer producer = new(Options(nameServer.Address) with { AutoBatch = true });
        Task<SendResult> first = producer.SendAsync(new Message("T", "first"), "key");
        await Eventually.TrueAsync(() => Volatile.Read(ref questions) == 1, "a name server is asked");
        _time.Advance(SendTimeout / 2);
        Task<SendResult> second = producer.SendAsync(new Message("T", "second"), "key");
        Task<SendResult>? third = null;
        if (isAnswered)
        {
            // The first one's time is over, the second one's is not.
            _time.Advance(SendTimeout / 2);
            await first.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>().WithMessage("no name server told the route of topic T within 10000 ms");
            second.IsCompleted.Should().BeFalse("it has time left");
            third = producer.SendAsync(new Message("T", "third"), "key");
        }

        answer.SetResult();

        (await second.WaitAsync(Eventually.DefaultDeadline)).Status.Should().Be(SendStatus.SendOk);
        if (third is null)
        {
            (await first.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>()).Which.Remark.Should().Be("not now");
            questions.Should().Be(2, "the answer to the first one's question is not that to the second's");
        }
        else
        {
            await third.WaitAsync(Eventually.DefaultDeadline);
            cluster.Broker.Texts("T", 0).Should().Equal("second", "third");
            questions.Should().Be(1);
        }
    }

    [Fact]
    public async Task Send_NameServersHangAfterAFailedAttempt_TriesAgainWithoutThem()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        int questions = 0;
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, request => Interlocked.Increment(ref questions) == 1 ? FakePeer.Body(cluster.Route("T"))(request) : null));
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request => RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "disk full");
        await using RocketMqProducer producer = new(Options(nameServer.Address));
        await producer.GetQueuesAsync("T");
        _time.Advance(TimeSpan.FromSeconds(1));
        Task<SendResult> sending = producer.SendAsync(new Message("T", "x"));
        foreach (int pauseMs in new[] { 50, 100 })
        {
            TimeSpan pause = TimeSpan.FromMilliseconds(pauseMs);
            await Eventually.TrueAsync(() => Volatile.Read(ref questions) == 2 && _time.HasTimerIn(pause), "the route is asked for in the background, and the send pauses");
            _time.Advance(pause);
        }

        RocketMqException failure = (await sending.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>()).Which;
        failure.ResponseCode.Should().Be(ResponseCode.ServiceNotAvailable);
        failure.Message.Should().Be($"send to topic T failed: broker-a: {cluster.Broker.Address} answered 14: disk full (3 times); 3 attempts in 0.2 s");
        questions.Should().Be(2, "one question at a time is under way for a topic");
    }

    /// <summary>The connection has six times the time of a send. The system takes one connection for a broker that accepts none, and lets whoever comes next wait.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Send_BrokerTakesNoConnection_EndsInTime(bool isOneWay)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        using Socket broker = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        broker.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        broker.Listen(0);
        string address = broker.LocalEndPoint!.ToString()!;
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await taken.ConnectAsync(broker.LocalEndPoint);
        string route = cluster.Route("T").Replace(cluster.Broker.Address, address, StringComparison.Ordinal);
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, FakePeer.Body(route)));
        await using RocketMqProducer producer = new(Options(nameServer.Address) with { RetryTimes = 0, ConnectTimeout = 6 * SendTimeout });
        await producer.GetQueuesAsync("T");
        Task sending = isOneWay ? producer.SendOneWayAsync(new Message("T", "x")) : producer.SendAsync(new Message("T", "x"));
        await Eventually.TrueAsync(() => _time.HasTimerIn(6 * SendTimeout), "it connects");
        sending.IsCompleted.Should().BeFalse("the time is not over");

        _time.Advance(SendTimeout);

        await sending.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>().WithMessage($"*{address} took no connection within 10000 ms*");
        // Disposing waits for the connection, which is refused from now on.
        broker.Close();
    }

    [Fact]
    public async Task Dispose_SendUnderWay_IsWaitedForAndNoFurtherOneBegins()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        RocketMqProducer producer = new(Options(cluster.NameServer));
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.SendMessageV2] = answer.Task;
        Task<SendResult> sending = producer.SendAsync(new Message("T", "x"));
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 1, "it is on its way");

        Task disposing = await BeginDisposalAsync(producer, cluster.Broker);
        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "late"))).Should().ThrowAsync<ObjectDisposedException>();
        answer.SetResult();
        await disposing.WaitAsync(Eventually.DefaultDeadline);

        (await sending).Status.Should().Be(SendStatus.SendOk);
    }

    [Fact]
    public async Task Dispose_CommitUnderWay_IsWaitedFor()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        RocketMqProducer producer = new(Options(cluster.NameServer) with { TransactionChecker = static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown) });
        IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "x"));
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.EndTransaction] = answer.Task;
        Task committing = transaction.CommitAsync();
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.EndTransaction).Length == 1, "it is on its way");

        Task disposing = await BeginDisposalAsync(producer, cluster.Broker);
        answer.SetResult();
        await disposing.WaitAsync(Eventually.DefaultDeadline);

        await committing;
        await transaction.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_ReplyWaitsForItsRoute_IsWaitedFor()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("C_REPLY_TOPIC", 1);
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FakePeer nameServer = await FakePeer.StartSlowAsync((RequestCode.GetRouteInfoByTopic, async request =>
        {
            await answer.Task;
            return FakePeer.Body(cluster.Route("C_REPLY_TOPIC"))(request);
        }
        ));
        RocketMqProducer producer = new(Options(nameServer.Address));
        Task replying = producer.ReplyAsync(Request(), "17");
        await Eventually.TrueAsync(() => !nameServer.Received.IsEmpty, "a name server is asked");

        Task disposing = await BeginDisposalAsync(producer, cluster.Broker);
        answer.SetResult();
        await disposing.WaitAsync(Eventually.DefaultDeadline);

        await replying;
        cluster.Broker.Of(RequestCode.SendReplyMessageV2).Should().ContainSingle();
    }

    /// <summary>A half that is less safe than it should be is rolled back within the call that sent it.</summary>
    [Fact]
    public async Task Dispose_HalfUnderWayThatIsLessSafe_IsRolledBackBefore()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        RocketMqProducer producer = new(Options(cluster.NameServer) with { TransactionChecker = static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown) });
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.SendMessageV2] = answer.Task;
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request =>
            RemotingCommand.CreateResponse(request, ResponseCode.FlushDiskTimeout).Set("msgId", "7F00000100002A9F0000000000000100").Set("queueId", 0).Set("queueOffset", 5);
        Task<IMessageTransaction> beginning = producer.BeginTransactionAsync(new Message("T", "x"));
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length == 1, "the half is on its way");

        Task disposing = await BeginDisposalAsync(producer, cluster.Broker);
        answer.SetResult();
        await disposing.WaitAsync(Eventually.DefaultDeadline);

        await beginning.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>().WithMessage("*FlushDiskTimeout*rolled back*");
        cluster.Broker.Of(RequestCode.EndTransaction).Should().ContainSingle().Which.Get("commitOrRollback").Should().Be("12");
    }

    [Fact]
    public async Task Reply_NameServersHang_EndsInTheTimeOfASend()
    {
        await using FakePeer silent = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, static _ => null));
        await using RocketMqProducer producer = new(Options(silent.Address));
        Task replying = producer.ReplyAsync(Request(), "17");
        await Eventually.TrueAsync(() => !silent.Received.IsEmpty, "a name server is asked");

        _time.Advance(SendTimeout);

        await replying.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>().WithMessage("no name server told the route of topic C_REPLY_TOPIC within 10000 ms");
    }

    [Fact]
    public async Task Recall_NameServersHang_EndsInTheTimeOfARequest()
    {
        await using FakePeer silent = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, static _ => null));
        await using FakePeer other = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, static _ => null));
        await using RocketMqProducer producer = new(Options($"{silent.Address};{other.Address}") with { RequestTimeout = RequestTimeout });
        Task<string> recalling = producer.RecallAsync(Handle);
        await Eventually.TrueAsync(() => !silent.Received.IsEmpty || !other.Received.IsEmpty, "a name server is asked");

        _time.Advance(RequestTimeout);

        await recalling.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>().WithMessage("no name server told the route of topic T within 20000 ms");
    }

    [Fact]
    public async Task Commit_BrokerWithoutAMasterAndNameServersHang_EndsInTheTimeOfARequest()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        string route = cluster.Route("T");
        string? told = route;
        ConcurrentQueue<string> unanswered = new();
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, request =>
        {
            if (Volatile.Read(ref told) is { } answer)
            {
                return FakePeer.Body(answer)(request);
            }

            unanswered.Enqueue(request.GetRequired("topic"));
            return null;
        }
        ));
        await using RocketMqProducer producer = new(Options(nameServer.Address) with
        {
            RequestTimeout = RequestTimeout,
            TransactionChecker = static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown),
        });
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "x"));
        Volatile.Write(ref told, route.Replace($"0:\"{cluster.Broker.Address}\"", string.Empty, StringComparison.Ordinal));
        await Eventually.TrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                try
                {
                    await producer.GetQueuesAsync("T");
                    return false;
                }
                catch (RocketMqException)
                {
                    return true;
                }
            },
            "the producer learns that there is no master");
        Volatile.Write(ref told, null);
        Task committing = transaction.CommitAsync();
        await Eventually.TrueAsync(() => !unanswered.IsEmpty, "a name server is asked");

        _time.Advance(RequestTimeout);

        await committing.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>().WithMessage("no name server told who is master of broker broker-a within 20000 ms");
    }

    /// <summary>A recall has the time of a request, which is longer than the one that disposing waits.</summary>
    [Fact]
    public async Task Dispose_RequestUnderWayForLongerThanASendMayTake_CutsItAndSaysSo()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        ConcurrentQueue<ClientError> errors = new();
        RocketMqProducer producer = new(Options(cluster.NameServer) with { Group = "pg", RequestTimeout = TimeSpan.FromDays(1), OnError = errors.Enqueue });
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.RecallMessage] = answer.Task;
        Task<string> recalling = producer.RecallAsync(Handle);
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.RecallMessage).Length == 1, "it is on its way");

        Task disposing = producer.DisposeAsync().AsTask();
        _time.Advance(SendTimeout - TimeSpan.FromMilliseconds(1));
        disposing.IsCompleted.Should().BeFalse("the time is not over");
        recalling.IsCompleted.Should().BeFalse("the time is not over");
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await disposing.WaitAsync(Eventually.DefaultDeadline);

        (await recalling.Awaiting(static it => it.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<RocketMqException>()).Which.IsOutcomeUnknown.Should().BeTrue("the broker has the request");
        errors.Should().ContainSingle().Which.Should().Match<ClientError>(static error => error.Id.Id == 4152 && error.Text.StartsWith("1 requests of producer group pg", StringComparison.Ordinal));
        answer.SetResult();
    }

    /// <summary>
    /// Begins to dispose a producer, and returns the rest of it when it waits for what is under way: nothing else has a timer of this time then, as calls that began before have less left and
    /// the goodbye to brokers has more.
    /// </summary>
    private async Task<Task> BeginDisposalAsync(RocketMqProducer producer, FakeBroker broker)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        Task disposing = producer.DisposeAsync().AsTask();
        await Eventually.TrueAsync(() => _time.HasTimerIn(SendTimeout) || disposing.IsCompleted || broker.Of(RequestCode.UnregisterClient).Length > 0, "it waits, or goes on");
        _time.HasTimerIn(SendTimeout).Should().BeTrue("a call is under way");
        broker.Of(RequestCode.UnregisterClient).Should().BeEmpty("the producer has not left yet");
        return disposing;
    }

    private static ReceivedMessage Request() => ReceivedMessage.Of(new Message("T", "x")) with
    {
        Properties = new Dictionary<string, string>(StringComparer.Ordinal) { ["CLUSTER"] = "C", ["CORRELATION_ID"] = "c-1", ["REPLY_TO_CLIENT"] = "asker", ["TTL"] = "3000" },
    };

    private ProducerOptions Options(string nameServer) => new()
    {
        NameServers = nameServer,
        SendTimeout = SendTimeout,
        ConnectTimeout = Eventually.DefaultDeadline,
        RequestTimeout = Eventually.DefaultDeadline,
        TimeProvider = _time,
        OnError = static _ => { },
    };
}
