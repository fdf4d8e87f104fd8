using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Client.Tests.Consuming;

public sealed class RocketMqPushConsumerTests : ConsumerTestBase
{
    [Fact]
    public async Task Consume_MessagesOfTwoTags_GetsThoseSubscribedOnceAndCommits()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        for (int i = 0; i < 50; i++)
        {
            cluster.Broker.Append("T", i % 2, "m" + i, i % 5 == 0 ? "B" : "A");
        }

        await using (RocketMqPushConsumer consumer = Consumer(cluster))
        {
            await consumer.SubscribeAsync("T", "A", Collect);
            await consumer.StartAsync();
            await Eventually.TrueAsync(() => Received.Count >= 40, "forty messages came");
            cluster.Broker.Append("T", 0, "late", "A");
            await Eventually.TrueAsync(() => Received.Any(static message => Text(message) == "late"), "the late message came");
        }

        Received.Select(Text).Should().OnlyHaveUniqueItems().And.HaveCount(41);
        Received.Should().OnlyContain(static message => message.Tag == "A" && message.Topic == "T");
        cluster.Broker.Offsets[("T", 0)].Should().Be(26);
        cluster.Broker.Offsets[("T", 1)].Should().Be(25);
        cluster.Broker.Of(RequestCode.UnregisterClient).Should().ContainSingle().Which.Get("consumerGroup").Should().Be("g");
    }

    [Fact]
    public async Task Heartbeat_OfAConsumer_SaysWhatBrokersNeed()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "A || B", Collect);

        await consumer.StartAsync();

        using JsonDocument body = JsonDocument.Parse(cluster.Broker.Of(RequestCode.HeartBeat)[0].Body);
        JsonElement group = body.RootElement.GetProperty("consumerDataSet")[0];
        body.RootElement.GetProperty("clientID").GetString().Should().Be(consumer.ClientId).And.MatchRegex("^[0-9.]+@[0-9]+#");
        group.GetProperty("groupName").GetString().Should().Be("g");
        group.GetProperty("consumeType").GetString().Should().Be("CONSUME_PASSIVELY");
        group.GetProperty("messageModel").GetString().Should().Be("CLUSTERING");
        group.GetProperty("consumeFromWhere").GetString().Should().Be("CONSUME_FROM_FIRST_OFFSET");
        JsonElement[] subscriptions = [.. group.GetProperty("subscriptionDataSet").EnumerateArray().OrderBy(static item => item.GetProperty("topic").GetString(), StringComparer.Ordinal)];
        subscriptions.Select(static item => item.GetProperty("topic").GetString()).Should().Equal("%RETRY%g", "T");
        subscriptions[1].GetProperty("codeSet").EnumerateArray().Select(static code => code.GetInt32()).Should().Equal(65, 66);
        subscriptions[1].GetProperty("tagsSet").EnumerateArray().Select(static tag => tag.GetString()).Should().Equal("A", "B");
    }

    [Fact]
    public async Task Pull_OnTheWay_CarriesTheOffsetReached()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m0", "A");
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();

        await Eventually.TrueAsync(
            () => cluster.Broker.Of(RequestCode.PullMessage).Any(static pull => pull.Get("topic") == "T" && pull.Get("commitOffset") == "1" && pull.Get("sysFlag") == "3"), "a pull commits offset 1");
        RemotingCommand first = cluster.Broker.Of(RequestCode.PullMessage).First(static pull => pull.Get("topic") == "T");
        first.ExtFields.Should().Contain("sysFlag", "2").And.Contain("queueOffset", "0").And.Contain("maxMsgNums", "32").And.Contain("suspendTimeoutMillis", "15000").And.Contain("expressionType", "TAG");
    }

    [Fact]
    public async Task Handler_ThrowsOrSaysLater_GivesTheMessageBackAndCommitsPastIt()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "throws");
        cluster.Broker.Append("T", 0, "later");
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", (message, _) => Text(message) == "throws" ? throw new InvalidOperationException("no") : ValueTask.FromResult(ConsumeResult.Later));
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Length == 2, "both were given back");
        await consumer.StopAsync();

        RemotingCommand back = cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Single(static request => request.Get("offset") == "0");
        back.ExtFields.Should().Contain("group", "g").And.Contain("delayLevel", "0").And.Contain("originTopic", "T").And.Contain("maxReconsumeTimes", "16").And.Contain("unitMode", "false");
        cluster.Broker.Offsets[("T", 0)].Should().Be(2);
    }

    [Fact]
    public async Task Handler_FailsAndBrokerTakesNothingBack_CommitsNothing()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Overrides[RequestCode.ConsumerSendMessageBack] = request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "no");
        cluster.Broker.Append("T", 0, "first");
        cluster.Broker.Append("T", 0, "second");
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", (message, _) =>
        {
            Received.Enqueue(message);
            return ValueTask.FromResult(Text(message) == "first" ? ConsumeResult.Later : ConsumeResult.Success);
        });
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => Received.Count == 2 && cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Length > 0, "both were handled, one given back");
        await consumer.StopAsync();

        cluster.Broker.Offsets.GetValueOrDefault(("T", 0)).Should().Be(0);
    }

    [Theory]
    [InlineData(0x201, "Zstd")]
    [InlineData(0x401, "type 0x400")]
    public async Task Message_CompressedWithWhatIsNotRead_IsGivenBackWithoutCallingTheHandler(int sysFlag, string name)
    {
        using RecordingLoggerFactory logs = new();
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "packed", sysFlag: sysFlag);
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { LoggerFactory = logs });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Length == 1, "it was given back");
        Received.Should().BeEmpty();
        logs.Messages.Should().Contain(message => message.Contains($"compressed with {name}, which this client does not read by itself", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Message_CompressedWithWhatTheProgramReads_IsUnpackedWithinBounds()
    {
        const int sysFlag = 0x201;
        using RecordingLoggerFactory logs = new();
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        foreach (string body in new[] { "good", "throws", "long" })
        {
            cluster.Broker.Append("T", 0, body, sysFlag: sysFlag);
        }

        ReadOnlyMemory<byte> Unpack(ReadOnlyMemory<byte> packed, int maxBytes) => Encoding.UTF8.GetString(packed.Span) switch
        {
            "good" => Encoding.UTF8.GetBytes($"unpacked up to {maxBytes}"),
            "long" => new byte[maxBytes + 1],
            _ => throw new FormatException("no frame"),
        };
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { LoggerFactory = logs, MaxDecompressedBytes = 100, ZstdDecompressor = Unpack });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Length == 2 && Received.Count == 1, "one came, two were given back");
        Received.Select(Text).Should().Equal("unpacked up to 100");
        logs.Messages.Should().Contain(static message => message.Contains("cannot be unpacked: no frame", StringComparison.Ordinal))
            .And.Contain(static message => message.Contains("unpacks to more than 100 bytes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Message_FromRetryTopic_GoesToTheHandlerOfItsOwnTopic()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.AddTopic("%RETRY%g", 1);
        cluster.Broker.Append("%RETRY%g", 0, "again", retryTopic: "T", reconsumeTimes: 2);
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "A", Collect);
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => Received.Count == 1, "the message came again");
        ReceivedMessage message = Received.Single();
        message.Topic.Should().Be("T");
        message.ReconsumeTimes.Should().Be(2);
        message.Queue.Topic.Should().Be("%RETRY%g");
        message.MessageId.Should().Be("id-again");
    }

    [Fact]
    public async Task Record_Unreadable_IsPassedOverAloneAndLogged()
    {
        using RecordingLoggerFactory logs = new();
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        foreach (string body in new[] { "first", "damaged", "third", "fourth" })
        {
            cluster.Broker.Append("T", 0, body);
        }

        cluster.Broker.Damage("T", 0, 1);
        await using (RocketMqPushConsumer consumer = new(Options(cluster) with { LoggerFactory = logs }))
        {
            await consumer.SubscribeAsync("T", "*", Collect);
            await consumer.StartAsync();
            cluster.Broker.Append("T", 0, "last");
            await Eventually.TrueAsync(() => Received.Any(static message => Text(message) == "last"), "the last message came");
        }

        Received.Select(Text).Should().BeEquivalentTo("first", "third", "fourth", "last");
        cluster.Broker.Offsets[("T", 0)].Should().Be(5);
        logs.Messages.Should().Contain(static message => message.Contains("BadMagic", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Offset_OutsideTheQueue_IsCorrectedAndKept()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m0");
        cluster.Broker.Append("T", 0, "m1");
        cluster.Broker.Offsets[("T", 0)] = 77;
        cluster.Broker.Overrides[RequestCode.PullMessage] = request => request.Get("queueOffset") == "77"
            ? RemotingCommand.CreateResponse(request, ResponseCode.PullOffsetMoved).Set("nextBeginOffset", 1).Set("suggestWhichBrokerId", 0).Set("minOffset", 0).Set("maxOffset", 2)
            : null;
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => Received.Count == 1, "reading went on");
        await consumer.StopAsync();

        Received.Select(Text).Should().Equal("m1");
        cluster.Broker.Offsets[("T", 0)].Should().Be(2);
    }

    [Theory]
    [InlineData(ConsumeFromWhere.FirstOffset, "m0,m1,m2,new")]
    [InlineData(ConsumeFromWhere.LastOffset, "new")]
    [InlineData(ConsumeFromWhere.Timestamp, "m1,m2,new")]
    public async Task NewGroup_BeginsWhereItIsTold(ConsumeFromWhere where, string expected)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        for (int i = 0; i < 3; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
        }

        await using RocketMqPushConsumer consumer = new(Options(cluster) with { ConsumeFromWhere = where });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Any(static queue => queue.Topic == "T"), "the queue is read");
        cluster.Broker.Append("T", 0, "new");

        int count = expected.Split(',').Length;
        await Eventually.TrueAsync(() => Received.Count >= count && Received.Any(static message => Text(message) == "new"), "the new message came");
        string.Join(',', Received.OrderBy(static message => message.QueueOffset).Select(Text)).Should().Be(expected);
    }

    [Fact]
    public async Task Group_OfTwo_SharesQueuesAndTheOtherTakesOver()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 4);
        await using RocketMqPushConsumer first = Consumer(cluster);
        await using RocketMqPushConsumer second = Consumer(cluster);
        await first.SubscribeAsync("T", "*", Collect);
        await second.SubscribeAsync("T", "*", Collect);
        await first.StartAsync();
        await Eventually.TrueAsync(() => first.AssignedQueues.Count == 4, "one member reads all");

        await second.StartAsync();
        await Eventually.TrueAsync(() => first.AssignedQueues.Count == 2 && second.AssignedQueues.Count == 2, "two members share");
        first.AssignedQueues.Should().NotIntersectWith(second.AssignedQueues);
        for (int i = 0; i < 40; i++)
        {
            cluster.Broker.Append("T", i % 4, "m" + i);
        }

        await Eventually.TrueAsync(() => Received.Count == 40, "all came");
        await second.StopAsync();
        await Eventually.TrueAsync(() => first.AssignedQueues.Count == 4, "the other took over");
        cluster.Broker.Append("T", 3, "after");
        await Eventually.TrueAsync(() => Received.Any(static message => Text(message) == "after"), "it reads what the other read");
        Received.Select(Text).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Subscribe_Again_HasAHigherVersionWhateverTheClockSays()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        List<long> versions = [];
        for (int i = 0; i < 50; i++)
        {
            await consumer.SubscribeAsync("T", $"tag{i}", Collect);
            versions.Add(consumer.Subscriptions.Single().Version);
        }

        versions.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems("a broker keeps what it has for an equal version");
    }

    [Fact]
    public async Task Handler_ThatHasAMessageForTooLong_HoldsUpNoOffset()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "stuck");
        cluster.Broker.Append("T", 0, "done");
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int left = 0;
        await using (RocketMqPushConsumer consumer = new(Options(cluster) with { ConsumeTimeout = TimeSpan.FromMilliseconds(200), CommitInterval = TimeSpan.FromMilliseconds(20), OnError = static _ => { } }))
        {
            await consumer.SubscribeAsync("T", "*", async (message, _) =>
            {
                if (message.GetText() == "stuck")
                {
                    await release.Task;
                    Interlocked.Increment(ref left);
                    return ConsumeResult.Later;
                }

                return ConsumeResult.Success;
            });
            await consumer.StartAsync();

            await Eventually.TrueAsync(() => cluster.Broker.Offsets.GetValueOrDefault(("T", 0)) == 2, "the queue's offset goes on");
            cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().NotBeEmpty();
            release.SetResult();
            await Eventually.TrueAsync(() => Volatile.Read(ref left) == 1, "the handler ends");
        }

        // On a busy machine the other handler may have taken too long as well. What the stuck one says in the end would come with the level 0.
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().OnlyContain(static request => request.Get("delayLevel") == "3", "what it says so late does not count");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Broadcasting_HandlerFails_SaysThatTheMessageIsDropped(bool throws)
    {
        using TempDirectory folder = new();
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m");
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { MessageModel = MessageModel.Broadcasting, BroadcastOffsetFolder = folder.Path, OnError = errors.Enqueue });
        await consumer.SubscribeAsync("T", "*", (_, _) => throws ? throw new InvalidOperationException("no bottles") : ValueTask.FromResult(ConsumeResult.Later));
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => !errors.IsEmpty, "it is reported");
        await consumer.StopAsync();

        ClientError error = errors.Should().ContainSingle().Which;
        (error.Id.Id, error.MessageId, error.Exception?.Message).Should().Be((4144, "id-m", throws ? "no bottles" : null));
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().BeEmpty();
    }

    [Fact]
    public async Task Broadcasting_Restarted_GoesOnFromItsOwnFile()
    {
        using TempDirectory folder = new();
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        PushConsumerOptions options = Options(cluster) with { MessageModel = MessageModel.Broadcasting, BroadcastOffsetFolder = folder.Path };
        for (int i = 0; i < 10; i++)
        {
            cluster.Broker.Append("T", i % 2, "m" + i);
        }

        await RunAsync(10);
        cluster.Broker.Append("T", 0, "new");
        await RunAsync(11);

        Received.Select(Text).Should().OnlyHaveUniqueItems();
        cluster.Broker.Offsets.Should().BeEmpty("brokers keep no offsets of broadcasting groups");
        cluster.Broker.Of(RequestCode.PullMessage).Should().OnlyContain(static pull => pull.Get("sysFlag") == "2");

        async Task RunAsync(int count)
        {
            await using RocketMqPushConsumer consumer = new(options);
            await consumer.SubscribeAsync("T", "*", Collect);
            await consumer.StartAsync();
            await Eventually.TrueAsync(() => Received.Count == count, $"{count} messages came");
        }
    }

    [Fact]
    public async Task Handlers_Stuck_BoundWhatIsPulledAndHowManyRun()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        for (int i = 0; i < 500; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
        }

        using SemaphoreSlim gate = new(0);
        int running = 0;
        int most = 0;
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { MaxConcurrency = 3, PullBatchSize = 10, MaxBufferedMessagesPerQueue = 50 });
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            int now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            await gate.WaitAsync(token);
            Interlocked.Decrement(ref running);
            Received.Enqueue(message);
            return ConsumeResult.Success;
        });
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => Volatile.Read(ref running) == 3 && NextPull(cluster) == 50, "three handlers run and five pulls were made");
        gate.Release(500);
        await Eventually.TrueAsync(() => Received.Count == 500, "all came in the end");
        most.Should().Be(3);
    }

    [Fact]
    public async Task Stop_HandlerAtWork_IsWaitedForAndCommitted()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m0");
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", async (_, _) =>
        {
            started.SetResult();
            await finish.Task;
            return ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await started.Task.WaitAsync(Eventually.DefaultDeadline);

        Task stop = consumer.StopAsync();
        stop.IsCompleted.Should().BeFalse();
        finish.SetResult();
        await stop.WaitAsync(Eventually.DefaultDeadline);

        cluster.Broker.Offsets[("T", 0)].Should().Be(1);
    }

    [Theory]
    [InlineData(MessageModel.Clustering, false)]
    [InlineData(MessageModel.Clustering, true)]
    [InlineData(MessageModel.Broadcasting, false)]
    public async Task Stop_HandlerStuck_EndsAfterTheTimeoutAndTheMessageComesAgain(MessageModel model, bool isOrderly)
    {
        using TempDirectory folder = new("offsets-");
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m0");
        ConcurrentQueue<ClientError> errors = new();
        PushConsumerOptions options = Options(cluster, isOrderly) with { MessageModel = model, BroadcastOffsetFolder = folder.Path, MaxReconsumeTimes = 0, OnError = errors.Enqueue };
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (RocketMqPushConsumer consumer = new(options with { ShutdownTimeout = TimeSpan.FromMilliseconds(100) }))
        {
            await consumer.SubscribeAsync("T", "*", async (_, token) =>
            {
                // Goes on within the stop that cancels it, which cannot be faster then.
                TaskCompletionSource<ConsumeResult> never = new();
                using CancellationTokenRegistration cut = token.Register(() => never.SetCanceled(token));
                started.SetResult();
                return await never.Task;
            });
            await consumer.StartAsync();
            await started.Task.WaitAsync(Eventually.DefaultDeadline);

            await consumer.StopAsync().WaitAsync(Eventually.DefaultDeadline);
        }

        cluster.Broker.Offsets.GetValueOrDefault(("T", 0)).Should().Be(0);
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().BeEmpty("no delivery is counted, and it would be a dead letter with the first");
        errors.Select(static error => error.Id.Id).Should().Equal([4130], "nothing has failed");
        await using RocketMqPushConsumer next = new(options);
        await next.SubscribeAsync("T", "*", Collect);
        await next.StartAsync();
        await Eventually.TrueAsync(() => Texts.SequenceEqual(["m0"]), "it comes again");
    }

    [Fact]
    public async Task Broker_ForgotTheGroup_GetsAHeartbeatBeforeTheNextPull()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m0");
        int heartbeats = 0;
        cluster.Broker.Overrides[RequestCode.HeartBeat] = _ =>
        {
            Interlocked.Increment(ref heartbeats);
            return null;
        };
        cluster.Broker.Overrides[RequestCode.PullMessage] = request =>
            Volatile.Read(ref heartbeats) < 2 ? RemotingCommand.CreateResponse(request, ResponseCode.SubscriptionNotExist, "the consumer's group info not exist") : null;
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { PullRetryDelay = TimeSpan.FromMilliseconds(50) });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => Received.Count == 1, "the message came after another heartbeat");
    }

    [Theory]
    [InlineData("nextBeginOffset", "soon")]
    [InlineData("suggestWhichBrokerId", "")]
    public async Task Broker_AnswersNonsenseOnce_ReadingGoesOn(string field, string value)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m0");
        int pulls = 0;
        cluster.Broker.Overrides[RequestCode.PullMessage] = request => request.Get("topic") == "T" && Interlocked.Increment(ref pulls) == 1
            ? RemotingCommand.CreateResponse(request, ResponseCode.PullNotFound).Set(field, value + "x")
            : null;
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => Received.Count == 1, "the message came");
    }

    [Fact]
    public async Task Topic_CreatedAfterTheStart_IsReadWithTheNextRebalance()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { RebalanceInterval = TimeSpan.FromMilliseconds(100) });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.SubscribeAsync("Later", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Count == 1, "the known topic is read");

        cluster.AddTopic("Later", 1);
        cluster.Broker.Append("Later", 0, "m");

        await Eventually.TrueAsync(() => Received.Any(static message => message.Topic == "Later"), "the new topic is read");
    }

    private static long NextPull(FakeCluster cluster) =>
        cluster.Broker.Of(RequestCode.PullMessage).Max(static pull => long.Parse(pull.GetRequired("queueOffset"), CultureInfo.InvariantCulture)) + 10;

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
