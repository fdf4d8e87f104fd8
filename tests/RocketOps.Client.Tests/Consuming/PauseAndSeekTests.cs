using System.Collections.Concurrent;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>What a program can do to the queues it reads, and what it hears of them.</summary>
public sealed class PauseAndSeekTests : ConsumerTestBase
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pause_OfAQueue_HandsOutNothingOfItUntilItIsResumed(bool orderly)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly));
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Count == 2, "both are read");

        // The pull that is under way brings a message of the paused queue all the same.
        consumer.Pause(Queue(0));
        cluster.Broker.Append("T", 0, "paused");
        cluster.Broker.Append("T", 1, "flows");
        await Eventually.TrueAsync(() => Texts.Contains("flows"), "the other queue goes on");
        cluster.Broker.Append("T", 1, "flows on");
        await Eventually.TrueAsync(() => Texts.Contains("flows on"), "and on");
        Texts.Should().NotContain("paused");

        consumer.Resume(Queue(0));

        await Eventually.TrueAsync(() => Texts.Contains("paused"), "it goes on");
    }

    [Fact]
    public async Task Pause_OfATopicBeforeTheStart_HoldsAllItsQueues()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        cluster.AddTopic("Other", 1);
        cluster.Broker.Append("T", 0, "paused");
        cluster.Broker.Append("Other", 0, "flows");
        await using RocketMqPushConsumer consumer = new(Options(cluster));
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.SubscribeAsync("Other", "*", Collect);
        consumer.Pause("T");
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Contains("flows"), "the other topic is read");
        cluster.Broker.Of(RequestCode.PullMessage).Should().NotContain(static pull => pull.Get("topic") == "T");

        consumer.Resume("T");

        await Eventually.TrueAsync(() => Texts.Contains("paused"), "it is read");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Seek_BackToAnOffset_ReadsFromThereAgainAndCommitsIt(bool orderly)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        for (int i = 0; i < 5; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
        }

        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly));
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Count == 5, "all came");

        consumer.Pause("T");
        await consumer.SeekAsync(Queue(0), 3);
        cluster.Broker.Offsets[("T", 0)].Should().Be(3, "it is committed when the call returns");
        consumer.Resume("T");

        await Eventually.TrueAsync(() => Texts.Count == 7, "two came again");
        Texts.Skip(5).Order(StringComparer.Ordinal).Should().Equal("m3", "m4");
        await consumer.StopAsync();
        cluster.Broker.Offsets[("T", 0)].Should().Be(5);
    }

    [Fact]
    public async Task Seek_ToBeginEndAndTime_AsksTheBroker()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        for (int i = 0; i < 3; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
        }

        await using RocketMqPushConsumer consumer = new(Options(cluster) with { CommitInterval = TimeSpan.FromMinutes(10) });
        consumer.Pause("T");
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Count == 1, "it is read");

        await consumer.SeekToEndAsync(Queue(0));
        cluster.Broker.Offsets[("T", 0)].Should().Be(3);
        await consumer.SeekToTimeAsync(Queue(0), DateTimeOffset.UnixEpoch);
        cluster.Broker.Offsets[("T", 0)].Should().Be(1, "the fake broker finds any time there");
        await consumer.SeekToBeginAsync(Queue(0));
        cluster.Broker.Offsets[("T", 0)].Should().Be(0);
    }

    [Fact]
    public async Task Seek_WithinOnAssigned_BeginsThere()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        for (int i = 0; i < 4; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
        }

        RocketMqPushConsumer? consumer = null;
        await using RocketMqPushConsumer made = consumer = new(Options(cluster) with
        {
            OnAssigned = async (queues, token) =>
            {
                foreach (MessageQueue queue in queues)
                {
                    await consumer!.SeekAsync(queue, 2, token);
                }
            },
        });
        await made.SubscribeAsync("T", "*", Collect);
        await made.StartAsync();

        await Eventually.TrueAsync(() => Texts.Count == 2, "the rest came");
        Texts.Should().BeEquivalentTo("m2", "m3");
    }

    [Fact]
    public async Task Seek_OfAQueueThatIsNotRead_IsRefused()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqPushConsumer consumer = new(Options(cluster));
        await consumer.SubscribeAsync("T", "*", Collect);

        await consumer.Awaiting(static it => it.SeekAsync(Queue(0), 1)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*StartAsync*");
        await consumer.StartAsync();
        await consumer.Awaiting(static it => it.SeekAsync(Queue(7), 1)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*T@broker-a:7 is not read*");
    }

    [Fact]
    public async Task Events_OfAnOrdinaryGroup_TellWhatComesAndGoesAndSurviveAThrow()
    {
        using RecordingLoggerFactory logs = new();
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        cluster.Broker.Append("T", 0, "m");
        ConcurrentQueue<string> events = new();
        await using (RocketMqPushConsumer consumer = new(Options(cluster) with
        {
            LoggerFactory = logs,
            OnAssigned = (queues, _) =>
            {
                events.Enqueue("assigned " + queues.Count);
                throw new InvalidOperationException("a mistake of the user's");
            },
            OnRevoked = (queues, _) =>
            {
                events.Enqueue($"revoked {queues.Count} at {cluster.Broker.Offsets[("T", 0)]}");
                return ValueTask.CompletedTask;
            },
        }))
        {
            await consumer.SubscribeAsync("T", "*", Collect);
            await consumer.StartAsync();
            await Eventually.TrueAsync(() => Texts.Count == 1, "the message came all the same");
        }

        events.Should().Equal("assigned 2", "revoked 2 at 1");
        logs.Messages.Should().Contain(static message => message.Contains("OnAssigned callback of group g threw", StringComparison.Ordinal));
    }

    private static MessageQueue Queue(int id) => new("T", "broker-a", id);
}
