using System.Text.Json;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming;

public sealed class RocketMqLitePullConsumerTests : ConsumerTestBase
{
    private static readonly TimeSpan Patience = Eventually.DefaultDeadline;

    [Fact]
    public async Task Poll_Subscribed_BringsAllInTheOrderOfEachQueue()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        Fill(cluster, 60, queues: 2);
        await using RocketMqLitePullConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T");

        List<string> polled = await PollAsync(consumer, 60);

        polled.Should().HaveCount(60).And.OnlyHaveUniqueItems();
        foreach (int queue in new[] { 0, 1 })
        {
            polled.Where(text => int.Parse(text) % 2 == queue).Select(int.Parse).Should().BeInAscendingOrder();
        }

        using JsonDocument heartbeat = JsonDocument.Parse(cluster.Broker.Of(RequestCode.HeartBeat)[^1].Body);
        JsonElement group = heartbeat.RootElement.GetProperty("consumerDataSet")[0];
        group.GetProperty("consumeType").GetString().Should().Be("CONSUME_ACTIVELY");
        group.GetProperty("subscriptionDataSet").EnumerateArray().Select(static subscription => subscription.GetProperty("topic").GetString()).Should().Equal("T");
    }

    [Fact]
    public async Task Poll_NothingThere_ReturnsEmpty()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqLitePullConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T");

        (await consumer.PollAsync(TimeSpan.Zero)).Should().BeEmpty();
        (await consumer.PollAsync(TimeSpan.FromMilliseconds(20))).Should().BeEmpty();
    }

    [Fact]
    public async Task Poll_SaysThatWhatCameBeforeIsDoneWith()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        Fill(cluster, 20, queues: 1);
        int before = 0;
        await using (RocketMqLitePullConsumer consumer = Consumer(cluster))
        {
            await consumer.SubscribeAsync("T");
            // What one poll brings depends on what has come by then.
            int last = 0;
            while (before == 0 || before + last < 20)
            {
                before += last;
                last = (await consumer.PollAsync(Patience)).Count;
                last.Should().BePositive();
            }
        }

        cluster.Broker.Offsets[("T", 0)].Should().Be(before, "what the last poll brought may not have been handled");
    }

    [Fact]
    public async Task Commit_CommitsWhatWasPolled()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        Fill(cluster, 20, queues: 1);
        MessageQueue queue = new("T", "broker-a", 0);
        await using (RocketMqLitePullConsumer consumer = Consumer(cluster, autoCommit: false))
        {
            await consumer.SubscribeAsync("T");
            await PollAsync(consumer, 20);
            (await consumer.PollAsync(TimeSpan.Zero)).Should().BeEmpty();
            cluster.Broker.Offsets.Should().BeEmpty("nothing is committed by itself");
            cluster.Broker.Of(RequestCode.PullMessage).Should().OnlyContain(static pull => (pull.GetRequiredInt32("sysFlag") & 1) == 0, "not by pulls either");

            await consumer.CommitAsync(queue, 7);
            (await consumer.GetCommittedAsync(queue)).Should().Be(7);
            await consumer.CommitAsync();
            (await consumer.GetCommittedAsync(queue)).Should().Be(20);
            consumer.PositionOf(queue).Should().Be(20);
        }

        cluster.Broker.Offsets[("T", 0)].Should().Be(20);
        Fill(cluster, 1, queues: 1);
        await using RocketMqLitePullConsumer next = Consumer(cluster);
        await next.SubscribeAsync("T");
        (await PollAsync(next, 1)).Should().Equal("0");
    }

    [Fact]
    public async Task Commit_BrokerRefuses_IsTold()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        Fill(cluster, 1, queues: 1);
        cluster.Broker.Overrides[RequestCode.UpdateConsumerOffset] = static request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "no");
        await using RocketMqLitePullConsumer consumer = Consumer(cluster, autoCommit: false);
        await consumer.SubscribeAsync("T");
        await PollAsync(consumer, 1);

        await FluentActions.Awaiting(() => consumer.CommitAsync()).Should().ThrowAsync<RocketMqException>().WithMessage("*no*");
    }

    [Fact]
    public async Task Assign_ReadsJustTheseQueuesFromWhereItSeeks()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 4);
        Fill(cluster, 40, queues: 4);
        await using RocketMqLitePullConsumer consumer = Consumer(cluster);
        IReadOnlyList<MessageQueue> queues = await consumer.GetQueuesAsync("T");
        queues.Should().HaveCount(4);

        await consumer.AssignAsync([queues[1], queues[2]]);
        (await PollAsync(consumer, 20)).Select(int.Parse).Should().OnlyContain(static number => number % 4 == 1 || number % 4 == 2);
        await consumer.SeekAsync(queues[1], 8);
        (await PollAsync(consumer, 2)).Should().Equal("33", "37");

        await consumer.AssignAsync([queues[3]]);
        (await PollAsync(consumer, 10)).Select(int.Parse).Should().OnlyContain(static number => number % 4 == 3);
        await Eventually.TrueAsync(() => consumer.AssignedQueues.SequenceEqual([queues[3]]), "the others are given up");
        await FluentActions.Awaiting(() => consumer.SeekAsync(queues[1], 0)).Should().ThrowAsync<InvalidOperationException>();
        await FluentActions.Awaiting(() => consumer.SubscribeAsync("T")).Should().ThrowAsync<InvalidOperationException>();
        (await consumer.FindOffsetAsync(queues[0], DateTimeOffset.UtcNow)).Should().Be(1, "the fake broker says so");
    }

    [Fact]
    public async Task Assign_AfterSubscribe_IsRefused()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqLitePullConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T");

        await FluentActions.Awaiting(() => consumer.AssignAsync([new MessageQueue("T", "broker-a", 0)])).Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task Pause_HoldsBackWhatHasCome_AndResumeKeepsTheOrder()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        Fill(cluster, 80, queues: 2);
        MessageQueue paused = new("T", "broker-a", 0);
        await using RocketMqLitePullConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T");
        await consumer.PollAsync(Patience);
        consumer.Pause(paused);
        List<string> whilePaused = [];
        while (!whilePaused.Contains("79"))
        {
            whilePaused.AddRange(Texts(await consumer.PollAsync(Patience)));
        }

        whilePaused.Should().OnlyContain(static text => int.Parse(text) % 2 == 1);
        (await consumer.PollAsync(TimeSpan.Zero)).Should().BeEmpty();
        consumer.Resume(paused);
        List<string> resumed = [];
        while (!resumed.Contains("78"))
        {
            resumed.AddRange(Texts(await consumer.PollAsync(Patience)));
        }

        resumed.Select(int.Parse).Should().OnlyContain(static number => number % 2 == 0).And.BeInAscendingOrder();
    }

    [Fact]
    public async Task ReadAll_StreamsAndEndsWithTheConsumer()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        Fill(cluster, 30, queues: 1);
        RocketMqLitePullConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T");
        List<string> read = [];
        Task reading = ReadAsync();
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.PullMessage).Any(static pull => pull.GetRequiredInt64("queueOffset") >= 30), "all were pulled");

        await consumer.DisposeAsync();
        await reading.WaitAsync(Patience);

        read.Select(int.Parse).Should().BeInAscendingOrder();
        await FluentActions.Awaiting(() => consumer.PollAsync(TimeSpan.Zero)).Should().ThrowAsync<ObjectDisposedException>();

        async Task ReadAsync()
        {
            await foreach (ReceivedMessage message in consumer.ReadAllAsync())
            {
                read.Add(Text(message));
            }
        }
    }

    [Fact]
    public async Task Poll_BodyThatCannotBeUnpacked_IsToldUntilSeekedPast()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "good");
        cluster.Broker.Append("T", 0, "no zlib", sysFlag: 1);
        cluster.Broker.Append("T", 0, "behind");
        MessageQueue queue = new("T", "broker-a", 0);
        await using RocketMqLitePullConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T");

        (await PollAsync(consumer, 1)).Should().Equal("good");
        for (int i = 0; i < 2; i++)
        {
            await FluentActions.Awaiting(() => PollAsync(consumer, 1)).Should().ThrowAsync<RocketMqException>().WithMessage("*at 1 of*seek past it");
        }

        await consumer.SeekAsync(queue, 2);
        (await PollAsync(consumer, 1)).Should().Equal("behind");
    }

    private static void Fill(FakeCluster cluster, int count, int queues)
    {
        for (int i = 0; i < count; i++)
        {
            cluster.Broker.Append("T", i % queues, i.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private static LitePullConsumerOptions Options(FakeCluster cluster) => new()
    {
        NameServers = cluster.NameServer,
        Group = "g",
        ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
        ConnectTimeout = Patience,
        RequestTimeout = Patience,
        PullRetryDelay = TimeSpan.FromMilliseconds(100),
        OnError = static _ => { },
    };

    private static RocketMqLitePullConsumer Consumer(FakeCluster cluster, bool autoCommit = true) => new(Options(cluster) with { AutoCommit = autoCommit });

    private static new IEnumerable<string> Texts(IEnumerable<ReceivedMessage> messages) => messages.Select(Text);

    private static async Task<List<string>> PollAsync(RocketMqLitePullConsumer consumer, int count)
    {
        List<string> polled = [];
        while (polled.Count < count)
        {
            IReadOnlyList<ReceivedMessage> messages = await consumer.PollAsync(Patience);
            messages.Should().NotBeEmpty();
            polled.AddRange(Texts(messages));
        }

        return polled;
    }
}
