using RocketOps.Client.Consuming.Offsets;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>One broker of two answers nothing: the queues of the other do not wait for it.</summary>
public sealed class SilentBrokerTests : ConsumerTestBase
{
    private readonly TaskCompletionSource _never = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_OneBrokerIsSilent_ReadsTheQueuesOfTheOther(bool orderly)
    {
        await using FakeCluster cluster = await StartAsync();
        Silence(cluster.Brokers[0], RequestCode.LockBatchMq, RequestCode.QueryConsumerOffset);
        cluster.Brokers[1].Append("T", 0, "m");
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly) with { OnError = static _ => { } });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();

        // The test's deadline is shorter than the time of a request to the silent one.
        await Eventually.TrueAsync(() => Texts.Count == 1, "the message of the other broker is handled");

        cluster.Brokers[0].Of(RequestCode.PullMessage).Should().BeEmpty();
        _never.SetResult();
        cluster.Brokers[0].Append("T", 0, "n");
        await Eventually.TrueAsync(() => Texts.Count == 2, "its queues follow when it answers");
    }

    /// <summary>A seek asks a broker, and the one that is asked may be the silent one.</summary>
    [Fact]
    public async Task Seek_WhileAnotherSeekWaitsForASilentBroker_IsDone()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.Brokers[1].Append("T", 0, "m");
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { OnError = static _ => { } });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Count == 1 && consumer.AssignedQueues.Count == 2, "both queues are read");
        Silence(cluster.Brokers[0], RequestCode.GetMinOffset);
        Task waiting = consumer.SeekToBeginAsync(new MessageQueue("T", cluster.Brokers[0].Name, 0));
        await Eventually.TrueAsync(() => cluster.Brokers[0].Of(RequestCode.GetMinOffset).Length == 1, "it is asked");

        await consumer.SeekToBeginAsync(new MessageQueue("T", cluster.Brokers[1].Name, 0)).WaitAsync(Eventually.DefaultDeadline);

        await Eventually.TrueAsync(() => Texts.Count == 2, "its message comes again");
        waiting.IsCompleted.Should().BeFalse();
        _never.SetResult();
        await waiting;
    }

    [Fact]
    public async Task Commit_OneBrokerIsSilent_IsToldByQueueAndHoldsUpNoPoll()
    {
        FakeTimeProvider time = new();
        TimeSpan requestTimeout = TimeSpan.FromSeconds(3);
        await using FakeCluster cluster = await StartAsync();
        (FakeBroker silent, FakeBroker other) = (cluster.Brokers[0], cluster.Brokers[1]);
        await using RocketMqLitePullConsumer consumer = new(new LitePullConsumerOptions
        {
            NameServers = cluster.NameServer,
            Group = "g",
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            AutoCommit = false,
            ConnectTimeout = Eventually.DefaultDeadline,
            RequestTimeout = requestTimeout,
            TimeProvider = time,
            OnError = static _ => { },
        });
        await consumer.SubscribeAsync("T");
        silent.Append("T", 0, "m");
        await PollOneAsync(consumer);
        Silence(silent, RequestCode.UpdateConsumerOffset);
        Task first = consumer.CommitAsync();
        await Eventually.TrueAsync(() => silent.Of(RequestCode.UpdateConsumerOffset).Length == 1 && time.HasTimerIn(requestTimeout), "it is asked");
        time.Advance(requestTimeout);
        await FluentActions.Awaiting(() => first).Should().ThrowAsync<OffsetsNotCommittedException>();

        for (int i = 1; i <= 5; i++)
        {
            other.Append("T", 0, $"m{i}");
            await PollOneAsync(consumer);
            Task commit = consumer.CommitAsync();
            await Eventually.TrueAsync(() => commit.IsCompleted || time.HasTimerIn(BrokerOffsetStore.Moment), "the silent one is waited for a moment");
            time.Advance(BrokerOffsetStore.Moment);
            OffsetsNotCommittedException told = (await FluentActions.Awaiting(() => commit).Should().ThrowAsync<OffsetsNotCommittedException>()).Which;
            told.Committed.Should().ContainSingle().Which.BrokerName.Should().Be(other.Name);
            told.NotCommitted.Should().ContainSingle().Which.BrokerName.Should().Be(silent.Name);
            other.Offsets[("T", 0)].Should().Be(i);
        }

        silent.Of(RequestCode.UpdateConsumerOffset).Should().HaveCount(2, "the second is under way, and takes the newest offset along");
        _never.SetResult();
        await Eventually.TrueAsync(() => silent.Offsets.GetValueOrDefault(("T", 0)) == 1, "it takes the commit");
        await Eventually.TrueAsync(
            async () =>
            {
                Task commit = consumer.CommitAsync();
                await Eventually.TrueAsync(() => commit.IsCompleted, "nothing is silent any more");
                return commit.IsCompletedSuccessfully;
            },
            "both take commits");
    }

    private static async Task PollOneAsync(RocketMqLitePullConsumer consumer) =>
        await Eventually.TrueAsync(async () => (await consumer.PollAsync(TimeSpan.Zero)).Count == 1, "the message comes");

    private static async Task<FakeCluster> StartAsync()
    {
        FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", queues: 1);
        return cluster;
    }

    private void Silence(FakeBroker broker, params int[] codes)
    {
        foreach (int code in codes)
        {
            broker.Holds[code] = _never.Task;
        }
    }
}
