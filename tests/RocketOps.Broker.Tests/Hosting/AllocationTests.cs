using System.Diagnostics;
using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>The hot path, through sockets and all threads of the process: what a message may cost in steady state is less than any object.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    private const int WarmUp = 20_000;
    private const int Measured = 20_000;

    /// <summary>Where each message waits for a disk or another thread.</summary>
    private const int SlowMeasured = 5_000;

    /// <summary>Of answers that touch no file: an object each would be a hundred times what is allowed.</summary>
    private const int AnswersMeasured = 5_000;

    /// <summary>The smallest object has 24 bytes, and may be shared by a batch.</summary>
    private const long BytesPerMessage = 1;

    /// <summary>Timers of the broker and the runtime itself allocate some 2 KB a second, with or without messages: on a slow disk a round takes long.</summary>
    private const long BytesPerSecond = 4_000;

    /// <summary>
    /// The member of a group sends one heartbeat. By default it would be dropped as expired after two minutes, which a busy machine may take for its rounds; pulls of a group without members are refused.
    /// </summary>
    private const string Day = "86400000";

    [Fact]
    public async Task Send_SteadyState_AllocatesNothingPerMessage()
    {
        // Large enough that no index or log file ends while it is measured: a new one takes its buffers once per file, not per message.
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxIndexNum"] = "200000", ["mappedFileSizeCommitLog"] = "67108864" });
        await broker.CreateTopicAsync("Hot");
        byte[] frame = RawClient.Encode(Requests.Send("Hot", new string('x', 100), properties: Requests.Properties(("UNIQ_KEY", "0A010209126718B4AAC2000186A00000"), ("TAGS", "A"))));

        Measure(broker, frame).Should().BeLessThan(BytesPerMessage * Measured);
    }

    [Fact]
    public async Task Send_HalvesOfTransactions_AllocatesNothingPerMessage()
    {
        await using TestBroker broker = await TestBroker.StartAsync(
            new(StringComparer.Ordinal) { ["maxIndexNum"] = "200000", ["mappedFileSizeCommitLog"] = "67108864", ["transactionCheckInterval"] = "3600000" });
        await broker.CreateTopicAsync("Hot");
        byte[] frame = RawClient.Encode(
            Requests.Send("Hot", new string('x', 100), properties: Requests.Properties(("UNIQ_KEY", "0A010209126718B4AAC2000186A00000"), ("TRAN_MSG", "true"), ("PGROUP", "pg"))));

        Measure(broker, frame).Should().BeLessThan(BytesPerMessage * Measured);
    }

    [Fact]
    public async Task Send_LoneMessagePerBatch_AllocatesNothing()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxIndexNum"] = "200000", ["mappedFileSizeCommitLog"] = "67108864" });
        await broker.CreateTopicAsync("Hot");
        byte[] frame = RawClient.Encode(Requests.Send("Hot", new string('x', 100)));
        using RawClient client = new(broker.Host.EndPoint);

        MeasureRounds(count => client.Exchange(frame, count, "{\"code\":0,"u8, window: 1)).Should().BeLessThan(BytesPerMessage * Measured);
    }

    [Fact]
    public async Task Send_HundredConnections_AllocatesNothingPerMessage()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxIndexNum"] = "200000", ["mappedFileSizeCommitLog"] = "67108864" });
        await broker.CreateTopicAsync("Hot");
        byte[] frame = RawClient.Encode(Requests.Send("Hot", new string('x', 100)));
        RawClient[] clients = [.. Enumerable.Range(0, 100).Select(_ => new RawClient(broker.Host.EndPoint))];
        try
        {
            MeasureRounds(count =>
            {
                int succeeded = 0;
                for (int round = 0; round < count / clients.Length; round++)
                {
                    foreach (RawClient client in clients)
                    {
                        client.Send(frame);
                    }

                    foreach (RawClient client in clients)
                    {
                        succeeded += client.Receive();
                    }
                }

                return succeeded;
            }).Should().BeLessThan(BytesPerMessage * Measured);
        }
        finally
        {
            Array.ForEach(clients, client => client.Dispose());
        }
    }

    [Fact]
    public async Task Pull_SteadyState_AllocatesNothingPerAnswer()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["channelExpiredTimeout"] = Day });
        await broker.SendAsync("Hot", "one", properties: Requests.Properties(("TAGS", "A")));
        await broker.SubscribeAsync("g", "Hot", "A");
        byte[] frame = RawClient.Encode(Requests.Pull("g", "Hot", 0, 0, RocketOps.Protocol.Headers.PullMessageRequestHeader.CommitOffsetFlag, commit: 1));

        Measure(broker, frame).Should().BeLessThan(BytesPerMessage * Measured);
    }

    [Fact]
    public async Task Send_SyncFlush_AllocatesNothingPerMessage()
    {
        await using TestBroker broker = await TestBroker.StartAsync(
            new(StringComparer.Ordinal) { ["maxIndexNum"] = "200000", ["mappedFileSizeCommitLog"] = "67108864", ["flushDiskType"] = "SYNC_FLUSH" });
        await broker.CreateTopicAsync("Hot");
        byte[] frame = RawClient.Encode(Requests.Send("Hot", new string('x', 100)));
        using RawClient client = new(broker.Host.EndPoint);

        MeasureRounds(count => client.Exchange(frame, count), SlowMeasured).Should().BeLessThan(BytesPerMessage * SlowMeasured);
    }

    [Fact]
    public async Task Pull_ParkedAndWoken_AllocatesNothingPerAnswer()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxIndexNum"] = "200000", ["mappedFileSizeCommitLog"] = "67108864", ["channelExpiredTimeout"] = Day });
        await broker.CreateTopicAsync("Hot");
        await broker.SubscribeAsync("g", "Hot", "A");
        byte[] send = RawClient.Encode(Requests.Send("Hot", "x", properties: Requests.Properties(("TAGS", "A"))));
        const string Offset = "0000000000000000";
        byte[] pull = RawClient.Encode(Requests.Pull("g", "Hot", 0, 0, RocketOps.Protocol.Headers.PullMessageRequestHeader.SuspendFlag, 60_000).Set("queueOffset", Offset));
        int offsetAt = pull.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Offset));
        using RawClient consumer = new(broker.Host.EndPoint);
        using RawClient producer = new(broker.Host.EndPoint);
        long next = 0;

        MeasureRounds(
            count =>
            {
                int woken = 0;
                for (int i = 0; i < count; i++)
                {
                    next.TryFormat(pull.AsSpan(offsetAt, Offset.Length), out _, "D16", System.Globalization.CultureInfo.InvariantCulture);
                    next++;
                    consumer.Send(pull);
                    long deadline = Environment.TickCount64 + 180_000;
                    while (broker.Host.Modules.Pulls.Parked.Count == 0 && Environment.TickCount64 < deadline)
                    {
                        Thread.Yield();
                    }

                    woken += producer.Exchange(send, 1) & consumer.Receive();
                }

                return woken;
            },
            SlowMeasured).Should().BeLessThan(BytesPerMessage * SlowMeasured);
    }

    [Fact]
    public async Task CommitOffset_SteadyState_AllocatesNothingPerAnswer()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["channelExpiredTimeout"] = Day });
        await broker.CreateTopicAsync("Hot");
        await broker.SubscribeAsync("g", "Hot");

        MeasureEach(
            broker,
            ("taken", Commit("g", "Hot"), ResponseCode.Success),
            ("unknown group", Commit("unknown", "Hot"), ResponseCode.SubscriptionGroupNotExist),
            ("unknown topic", Commit("g", "Unknown"), ResponseCode.TopicNotExist));

        static RemotingCommand Commit(string group, string topic) => Requests.Commit(group, topic, 0, 7L);
    }

    [Fact]
    public async Task Send_Refused_AllocatesNothingPerAnswer()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["autoCreateTopicEnable"] = "false", ["maxMessageSize"] = "1000", ["rejectTransactionMessage"] = "true" });
        await broker.CreateTopicAsync("Hot");
        await broker.CreateTopicAsync("%RETRY%nobody");

        MeasureEach(
            broker,
            ("queue", Requests.Send("Hot", "x", queueId: 99), ResponseCode.InvalidParameter),
            ("name", Requests.Send("not a topic", "x"), ResponseCode.InvalidParameter),
            ("missing", Requests.Send("Missing", "x"), ResponseCode.TopicNotExist),
            ("system", Requests.Send("SCHEDULE_TOPIC_XXXX", "x"), ResponseCode.NoPermission),
            ("transaction", Requests.Send("Hot", "x", properties: Requests.Properties(("TRAN_MSG", "true"))), ResponseCode.NoPermission),
            ("size", Requests.Send("Hot", new string('x', 2000)), ResponseCode.MessageIllegal),
            ("group", Requests.Send("%RETRY%nobody", "x"), ResponseCode.SubscriptionGroupNotExist));
    }

    [Fact]
    public async Task Send_ToASlave_AllocatesNothingPerAnswer()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["brokerRole"] = "SLAVE", ["brokerId"] = "1" });

        MeasureEach(broker, ("slave", Requests.Send("Hot", "x"), ResponseCode.ServiceNotAvailable));
    }

    [Fact]
    public async Task Pull_Refused_AllocatesNothingPerAnswer()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["channelExpiredTimeout"] = Day });
        await broker.CreateTopicAsync("Hot");
        await broker.SubscribeAsync("g", "Hot");
        // The group is made by its first pull.
        await broker.PullAsync("never-online", "Hot", 0, 0);
        RemotingCommand noNewGroups = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        noNewGroups.Body = "autoCreateSubscriptionGroup=false"u8.ToArray();
        (await broker.InvokeAsync(noNewGroups)).Code.Should().Be(ResponseCode.Success);

        MeasureEach(
            broker,
            ("group", Requests.Pull("unknown", "Hot", 0, 0), ResponseCode.SubscriptionGroupNotExist),
            ("topic", Requests.Pull("g", "Unknown", 0, 0), ResponseCode.TopicNotExist),
            ("queue", Requests.Pull("g", "Hot", 9, 0), ResponseCode.InvalidParameter),
            ("offline", Requests.Pull("never-online", "Hot", 0, 0), ResponseCode.SubscriptionNotExist),
            ("version", Requests.Pull("g", "Hot", 0, 0).Set("subVersion", 9L), ResponseCode.SubscriptionNotLatest),
            ("type", Requests.Pull("g", "Hot", 0, 0, RocketOps.Protocol.Headers.PullMessageRequestHeader.SubscriptionFlag, subscription: "a = 1").Set("expressionType", "SQL92"), ResponseCode.SystemError));
    }

    private static void MeasureEach(TestBroker broker, params ReadOnlySpan<(string What, RemotingCommand Request, int Code)> cases)
    {
        foreach ((string what, RemotingCommand request, int code) in cases)
        {
            MeasureAnswers(broker, request, code).Should().BeLessThan(BytesPerMessage * AnswersMeasured, what);
        }
    }

    private static long MeasureAnswers(TestBroker broker, RemotingCommand request, int code) =>
        Measure(broker, RawClient.Encode(request), Encoding.UTF8.GetBytes(FormattableString.Invariant($"{{\"code\":{code},")), AnswersMeasured);

    private static long Measure(TestBroker broker, byte[] frame) => Measure(broker, frame, "{\"code\":0,"u8.ToArray());

    private static long Measure(TestBroker broker, byte[] frame, byte[] expected, int measured = Measured)
    {
        using RawClient client = new(broker.Host.EndPoint);
        return MeasureRounds(count => client.Exchange(frame, count, expected), measured);
    }

    /// <summary>
    /// The bytes that one of some rounds allocated, without what the time that it took costs. The process's other threads, and code that is not compiled for good yet, which may take long on a busy machine, only ever
    /// add: the least of the rounds is what the messages cost. Measured until it is little enough, or the test's patience is over.
    /// </summary>
    /// <param name="exchange">Sends so many requests and returns how many were answered as expected.</param>
    /// <param name="measured">How many are measured at a time.</param>
    private static long MeasureRounds(Func<int, int> exchange, int measured = Measured)
    {
        int warmUp = Math.Min(WarmUp, measured);
        exchange(warmUp).Should().Be(warmUp);
        long least = long.MaxValue;
        long first = Stopwatch.GetTimestamp();
        while (least >= BytesPerMessage * measured && Stopwatch.GetElapsedTime(first) < Eventually.DefaultDeadline)
        {
            long begin = Stopwatch.GetTimestamp();
            long before = GC.GetTotalAllocatedBytes(precise: true);
            int succeeded = exchange(measured);
            long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            least = Math.Min(least, allocated - (long)(BytesPerSecond * Stopwatch.GetElapsedTime(begin).TotalSeconds));
            succeeded.Should().Be(measured);
        }

        return least;
    }
}
