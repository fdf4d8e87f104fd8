using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>A broker says that the group is elsewhere, as somebody reset it, or that it does not hold what was asked for any more (PULL_OFFSET_MOVED).</summary>
public sealed class OffsetMovedTests : ConsumerTestBase
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MovedBack_WhatIsNotHandledAgain_IsNotCommitted(bool orderly)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        Fill(cluster, 10);
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly) with { PullBatchSize = 1, OnError = static _ => { } });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Count == 10, "all came once");

        // The broker has one message at hand afterwards, and no more.
        MoveFrom(cluster, 10, 2, min: 0, lastAfterwards: 2);
        await Eventually.TrueAsync(() => Texts.Count == 11, "one comes again");
        await consumer.StopAsync();

        Texts.Last().Should().Be("m2");
        cluster.Broker.Offsets[("T", 0)].Should().Be(3, "3 to 9 were not handled again");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MovedBack_WhileAHandlerIsAtWork_ItsEndNotesNothing(bool orderly)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        Fill(cluster, 3);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly) with { PullBatchSize = 1, OnError = static _ => { } });
        await consumer.SubscribeAsync("T", "*", async (message, _) =>
        {
            Texts.Enqueue(message.GetText());
            if (message.GetText() == "m2")
            {
                await release.Task;
            }

            return ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Contains("m2"), "a handler has the last one");

        MoveFrom(cluster, 3, 1, min: 0, lastAfterwards: 1);
        if (orderly)
        {
            await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.UpdateConsumerOffset).Any(static request => request.Get("commitOffset") == "1"), "what the broker says is committed");
        }
        else
        {
            // Beside the handler at work: it may be done before the commit, which takes its offset along.
            await Eventually.TrueAsync(() => Texts.Count == 4, "one comes again");
        }

        release.SetResult();
        await Eventually.TrueAsync(() => Texts.Count == 4, "one comes again");
        await consumer.StopAsync();

        Texts.Last().Should().Be("m1");
        cluster.Broker.Offsets[("T", 0)].Should().Be(2, "m2 was not handled again");
    }

    [Fact]
    public async Task Expired_WhatWasPulledBefore_IsHandledAndNothingPassesIt()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        Fill(cluster, 5);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { MaxConcurrency = 1, OnError = static _ => { } });
        await consumer.SubscribeAsync("T", "*", async (message, _) =>
        {
            Texts.Enqueue(message.GetText());
            await release.Task;
            return ConsumeResult.Success;
        });
        MoveFrom(cluster, 5, 8, min: 8);
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.PullMessage).Any(static pull => pull.Get("queueOffset") == "8"), "reading goes on behind what expired");
        cluster.Broker.Of(RequestCode.PullMessage).Should().OnlyContain(static pull => pull.Get("commitOffset") == "0");
        cluster.Broker.Offsets.GetValueOrDefault(("T", 0)).Should().Be(0, "nothing is finished");
        release.SetResult();
        await Eventually.TrueAsync(() => Texts.Count == 5, "what was here is handled");
        await consumer.StopAsync();

        Texts.Should().Equal("m0", "m1", "m2", "m3", "m4");
        cluster.Broker.Offsets[("T", 0)].Should().Be(8);
    }

    [Fact]
    public async Task MovedBack_UnderALitePullConsumer_TakesBackWhatWasCommitted()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        Fill(cluster, 10);
        MessageQueue queue = new("T", "broker-a", 0);
        await using RocketMqLitePullConsumer consumer = new(new LitePullConsumerOptions
        {
            NameServers = cluster.NameServer,
            Group = "g",
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            AutoCommit = false,
            ConnectTimeout = Eventually.DefaultDeadline,
            RequestTimeout = Eventually.DefaultDeadline,
            OnError = static _ => { },
        });
        await consumer.SubscribeAsync("T");
        await PollAsync(consumer, 10);
        await consumer.CommitAsync();
        cluster.Broker.Offsets[("T", 0)].Should().Be(10);

        MoveFrom(cluster, 10, 2, min: 0);
        (await PollAsync(consumer, 8))[0].Should().Be("m2");
        await Eventually.TrueAsync(() => cluster.Broker.Offsets[("T", 0)] == 2, "the group is where the broker says, and not at 10 once more");
        consumer.PositionOf(queue).Should().Be(10);
        await consumer.CommitAsync();

        cluster.Broker.Offsets[("T", 0)].Should().Be(10);
    }

    private static void Fill(FakeCluster cluster, int count)
    {
        for (int i = 0; i < count; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
        }
    }

    private static async Task<List<string>> PollAsync(RocketMqLitePullConsumer consumer, int count)
    {
        List<string> polled = [];
        while (polled.Count < count)
        {
            polled.AddRange((await consumer.PollAsync(Eventually.DefaultDeadline)).Select(Text));
        }

        return polled;
    }

    /// <summary>Has the broker answer the first pull at an offset with another one, and refuse pulls behind <paramref name="lastAfterwards"/> from then on.</summary>
    private static void MoveFrom(FakeCluster cluster, long from, long to, long min, long lastAfterwards = long.MaxValue)
    {
        int isMoved = 0;
        cluster.Broker.Overrides[RequestCode.PullMessage] = request =>
        {
            long offset = request.GetRequiredInt64("queueOffset");
            if (offset == from && Interlocked.Exchange(ref isMoved, 1) == 0)
            {
                return RemotingCommand.CreateResponse(request, ResponseCode.PullOffsetMoved).Set("nextBeginOffset", to).Set("suggestWhichBrokerId", 0).Set("minOffset", min).Set("maxOffset", from);
            }

            return Volatile.Read(ref isMoved) == 1 && offset > lastAfterwards ? RemotingCommand.CreateResponse(request, ResponseCode.SystemBusy, "later") : null;
        };
    }
}
