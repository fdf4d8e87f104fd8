using System.Collections.Concurrent;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming;

public sealed class RocketMqStreamConsumerTests
{
    private static readonly TimeSpan Patience = Eventually.DefaultDeadline;

    private readonly ConcurrentQueue<ClientError> _errors = new();

    [Fact]
    public async Task ReadAll_AcknowledgesOneByOne_CommitsUpToTheOldestOpen()
    {
        await using FakeCluster cluster = await StartClusterAsync(messages: 5);
        List<string> read = [];
        await using (RocketMqStreamConsumer consumer = new(Options(cluster)))
        {
            await consumer.SubscribeAsync("T");
            using CancellationTokenSource deadline = new(Patience);
            await foreach (Delivery delivery in consumer.ReadAllAsync(deadline.Token))
            {
                read.Add(delivery.Message.GetText());
                if (delivery.Message.GetText() != "m3")
                {
                    delivery.Ack().Should().BeTrue();
                    delivery.Ack().Should().BeFalse("it is done");
                }

                if (read.Count == 5)
                {
                    break;
                }
            }

            // Completing is noted by another thread; what it makes of the offset shows in the next pull.
            await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.PullMessage).Any(static pull => pull.Get("commitOffset") == "3"), "the first three are committed");
        }

        read.Should().BeEquivalentTo("m0", "m1", "m2", "m3", "m4");
        cluster.Broker.Offsets[("T", 0)].Should().Be(3, "m3 was not completed and has to come again");
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().BeEmpty("nothing counts as failed");
    }

    [Fact]
    public async Task Complete_WithLaterOrDeadLetter_TellsTheBroker()
    {
        await using FakeCluster cluster = await StartClusterAsync(messages: 3);
        await using RocketMqStreamConsumer consumer = new(Options(cluster));
        await consumer.SubscribeAsync("T");
        ConsumeResult[] results = [ConsumeResult.Later, ConsumeResult.LaterAt(7), ConsumeResult.DeadLetter];
        using CancellationTokenSource deadline = new(Patience);
        for (int i = 0; i < 3; i++)
        {
            Delivery delivery = await consumer.ReceiveAsync(deadline.Token);
            delivery.Complete(results[int.Parse(delivery.Message.GetText()[1..])]);
        }

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Length == 3, "all were given back");
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Select(static back => back.Get("delayLevel")).Should().BeEquivalentTo("0", "7", "-1");
    }

    [Fact]
    public async Task Receive_NothingCompleted_SaysSoInsteadOfWaitingSilently()
    {
        await using FakeCluster cluster = await StartClusterAsync(messages: 3);
        await using RocketMqStreamConsumer consumer = new(Options(cluster) with { MaxConcurrency = 2 });
        await consumer.SubscribeAsync("T");
        using CancellationTokenSource deadline = new(Patience);
        Delivery first = await consumer.ReceiveAsync(deadline.Token);
        await consumer.ReceiveAsync(deadline.Token);

        ValueTask<Delivery> third = consumer.ReceiveAsync(deadline.Token);

        await Eventually.TrueAsync(() => _errors.Any(static error => error.Text.StartsWith("2 messages of group g were received and not completed", StringComparison.Ordinal)), "it is reported");
        first.Ack();
        (await third).Message.Topic.Should().Be("T");
    }

    [Fact]
    public async Task Receive_GivenUp_LosesNoMessage()
    {
        await using FakeCluster cluster = await StartClusterAsync(messages: 0);
        await using RocketMqStreamConsumer consumer = new(Options(cluster));
        await consumer.SubscribeAsync("T");
        using CancellationTokenSource givenUp = new();
        ValueTask<Delivery> waiting = consumer.ReceiveAsync(givenUp.Token);
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Count == 1, "it reads");
        await givenUp.CancelAsync();
        await FluentActions.Awaiting(async () => await waiting).Should().ThrowAsync<OperationCanceledException>();

        cluster.Broker.Append("T", 0, "late");

        using CancellationTokenSource deadline = new(Patience);
        (await consumer.ReceiveAsync(deadline.Token)).Message.GetText().Should().Be("late");
    }

    [Fact]
    public async Task ReadAll_ConsumerDisposed_Ends()
    {
        await using FakeCluster cluster = await StartClusterAsync(messages: 0);
        RocketMqStreamConsumer consumer = new(Options(cluster));
        await consumer.SubscribeAsync("T");
        Task<int> reading = Task.Run(async () =>
        {
            int count = 0;
            await foreach (Delivery delivery in consumer.ReadAllAsync())
            {
                count++;
            }

            return count;
        });
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Count == 1, "it reads");

        await consumer.DisposeAsync();

        (await reading.WaitAsync(Patience)).Should().Be(0);
        await FluentActions.Awaiting(async () => await consumer.ReceiveAsync()).Should().ThrowAsync<ObjectDisposedException>();
    }

    private static async Task<FakeCluster> StartClusterAsync(int messages)
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        for (int i = 0; i < messages; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
        }

        return cluster;
    }

    private PushConsumerOptions Options(FakeCluster cluster) => cluster.ConsumerOptions with { OnError = _errors.Enqueue };
}
