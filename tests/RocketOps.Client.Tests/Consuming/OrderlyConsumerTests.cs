using System.Collections.Concurrent;
using System.Text.Json;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>Consumption in the order of the queues, with locks at the brokers.</summary>
public sealed class OrderlyConsumerTests : ConsumerTestBase
{
    [Fact]
    public async Task Consume_SeveralQueues_EachInOrderOneAtATime()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 3);
        for (int i = 0; i < 90; i++)
        {
            cluster.Broker.Append("T", i % 3, $"{i % 3}-{i / 3:00}");
        }

        int[] working = new int[3];
        int together = 0;
        await using (RocketMqPushConsumer consumer = new(Options(cluster, orderly: true)))
        {
            await consumer.SubscribeAsync("T", "*", async (message, _) =>
            {
                int queue = message.Queue.QueueId;
                if (Interlocked.Increment(ref working[queue]) > 1)
                {
                    Interlocked.Increment(ref together);
                }

                await Task.Yield();
                Texts.Enqueue(message.GetText());
                Interlocked.Decrement(ref working[queue]);
                return ConsumeResult.Success;
            });
            await consumer.StartAsync();
            await Eventually.TrueAsync(() => Texts.Count == 90, "all came");
        }

        together.Should().Be(0);
        foreach (IGrouping<char, string> queue in Texts.GroupBy(static text => text[0]))
        {
            queue.Should().BeInAscendingOrder(StringComparer.Ordinal).And.HaveCount(30);
        }

        cluster.Broker.Offsets.Should().Contain(("T", 0), 30).And.Contain(("T", 1), 30).And.Contain(("T", 2), 30);
        cluster.Broker.Locks.Should().BeEmpty("the stop gives them back");
    }

    [Fact]
    public async Task Lock_OfAQueue_IsAskedForBeforeItsOffsetAndSaysWhoAsks()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly: true));
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Count == 1, "it reads");

        RemotingCommand[] received = [.. cluster.Broker.Received];
        int locked = Array.FindIndex(received, static request => request.Code == RequestCode.LockBatchMq);
        locked.Should().BePositive().And.BeLessThan(Array.FindIndex(received, static request => request.Code == RequestCode.QueryConsumerOffset));
        using JsonDocument body = JsonDocument.Parse(received[locked].Body);
        body.RootElement.GetProperty("clientId").GetString().Should().Be(consumer.ClientId);
        body.RootElement.GetProperty("consumerGroup").GetString().Should().Be("g");
        body.RootElement.GetProperty("mqSet")[0].GetRawText().Should().Be("{\"brokerName\":\"broker-a\",\"queueId\":0,\"topic\":\"T\"}");
    }

    [Fact]
    public async Task Handler_FailsTwice_HoldsUpItsQueueAndCountsTheAttempts()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "first");
        cluster.Broker.Append("T", 0, "second");
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly: true));
        await consumer.SubscribeAsync("T", "*", (message, _) =>
        {
            Texts.Enqueue($"{message.GetText()} {message.ReconsumeTimes}");
            return message is { ReconsumeTimes: 0 } && message.GetText() == "first"
                ? throw new InvalidOperationException("no")
                : ValueTask.FromResult(message.ReconsumeTimes == 1 ? ConsumeResult.Later : ConsumeResult.Success);
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Contains("second 0"), "the second came");
        await consumer.StopAsync();

        Texts.Should().Equal("first 0", "first 1", "first 2", "second 0");
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().BeEmpty();
        cluster.Broker.Offsets[("T", 0)].Should().Be(2);
    }

    [Fact]
    public async Task Handler_FailsTooOften_TheMessageGoesToTheDeadLettersAndTheNextComes()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "bad");
        cluster.Broker.Append("T", 0, "good");
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly: true) with { MaxReconsumeTimes = 2 });
        await consumer.SubscribeAsync("T", "*", (message, _) =>
        {
            Texts.Enqueue(message.GetText());
            return ValueTask.FromResult(message.GetText() == "bad" ? ConsumeResult.Later : ConsumeResult.Success);
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Contains("good"), "the next came");

        Texts.Should().Equal("bad", "bad", "bad", "good");
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Should().ContainSingle().Which.Get("delayLevel").Should().Be("-1");
    }

    [Fact]
    public async Task Queue_LockedByAnotherMember_IsReadOnlyWhenTheLockIsFree()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m");
        cluster.Broker.Locks[("T", 0)] = "another";
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly: true));
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.LockBatchMq).Length >= 2, "it asks again and again");
        consumer.AssignedQueues.Should().BeEmpty();
        cluster.Broker.Of(RequestCode.PullMessage).Should().BeEmpty();

        cluster.Broker.Locks.Clear();

        await Eventually.TrueAsync(() => Texts.Contains("m"), "the message came");
    }

    [Fact]
    public async Task Lock_TakenByAnother_TheQueueIsLostWithoutACommitAndReadAgainLater()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m0");
        using RecordingLoggerFactory logs = new();
        ConcurrentQueue<string> events = new();
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(WithEvents(Options(cluster, orderly: true), events) with { LoggerFactory = logs, LockRenewInterval = TimeSpan.FromMilliseconds(200), CommitInterval = TimeSpan.FromMinutes(10) });
        await consumer.SubscribeAsync("T", "*", async (message, _) =>
        {
            Texts.Enqueue(message.GetText());
            entered.TrySetResult();
            await goOn.Task;
            return ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await entered.Task.WaitAsync(Eventually.DefaultDeadline);

        cluster.Broker.Offsets[("T", 0)] = 0;
        cluster.Broker.Locks[("T", 0)] = "another";
        await Eventually.TrueAsync(() => logs.Messages.Any(static message => message.Contains("has lost its lock", StringComparison.Ordinal)), "a renewal was refused");
        goOn.SetResult();
        await Eventually.TrueAsync(() => events.Contains("lost 0"), "the loss was told");
        cluster.Broker.Of(RequestCode.UpdateConsumerOffset).Should().BeEmpty("another member commits there");

        cluster.Broker.Locks.Clear();

        await Eventually.TrueAsync(() => Texts.Count == 2, "the message came again, as nothing was committed");
        events.Should().Equal("assigned 0", "lost 0", "assigned 0");
    }

    [Fact]
    public async Task Revoke_WhileAHandlerWorks_WaitsForItCommitsAndOnlyThenUnlocks()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        for (int i = 0; i < 4; i++)
        {
            cluster.Broker.Append("T", 1, "m" + i);
        }

        ConcurrentQueue<string> events = new();
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string held = string.Empty;
        PushConsumerOptions options = WithEvents(Options(cluster, orderly: true), events);
        await using RocketMqPushConsumer consumer = new(options with
        {
            OnRevoked = async (queues, token) =>
            {
                await options.OnRevoked!(queues, token);
                held = $"{cluster.Broker.Locks.ContainsKey(("T", 1))} {cluster.Broker.Offsets.GetValueOrDefault(("T", 1))}";
            },
        });
        await consumer.SubscribeAsync("T", "*", async (message, _) =>
        {
            Texts.Enqueue(message.GetText());
            entered.TrySetResult();
            await goOn.Task;
            return ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await entered.Task.WaitAsync(Eventually.DefaultDeadline);

        // A member whose id sorts behind takes the second half of the queues.
        cluster.Broker.Overrides[RequestCode.GetConsumerListByGroup] = request =>
        {
            RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
            response.Body = System.Text.Encoding.UTF8.GetBytes($"{{\"consumerIdList\":[\"{consumer.ClientId}\",\"zzz\"]}}");
            return response;
        };
        int asked = cluster.Broker.Of(RequestCode.GetConsumerListByGroup).Length;
        cluster.Broker.NotifyMembers("g");
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.GetConsumerListByGroup).Length > asked, "it balances again");
        cluster.Broker.NotifyMembers("g");
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.GetConsumerListByGroup).Length > asked + 1, "and once more");
        cluster.Broker.Locks.Should().ContainKey(("T", 1), "the handler is at work");
        events.Should().NotContain("revoked 1");

        goOn.SetResult();

        await Eventually.TrueAsync(() => !cluster.Broker.Locks.ContainsKey(("T", 1)), "the lock was given back");
        held.Should().Be("True 1", "the user hears of it after the commit and before anybody else can have the queue");
        Texts.Should().Equal("m0");
        cluster.Broker.Locks.Should().ContainKey(("T", 0));
    }

    [Fact]
    public async Task Stop_WithAHandlerThatDoesNotEnd_KeepsItsLock()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        cluster.Broker.Append("T", 0, "m");
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly: true) with { ShutdownTimeout = Eventually.DefaultDeadline });
        await consumer.SubscribeAsync("T", "*", async (_, _) =>
        {
            entered.TrySetResult();
            await goOn.Task;
            return ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await entered.Task.WaitAsync(Eventually.DefaultDeadline);
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Count == 2, "both are read");
        cluster.Broker.Locks.Should().HaveCount(2);

        using CancellationTokenSource patience = new();
        Task stop = consumer.StopAsync(patience.Token);
        await Eventually.TrueAsync(() => consumer.HasEnded(new MessageQueue("T", "broker-a", 1)), "the queue without a message is done with");
        await patience.CancelAsync();
        await stop;

        cluster.Broker.Locks.Keys.Should().Equal(("T", 0));
        goOn.SetResult();
    }

    [Fact]
    public async Task Stop_WithACommitUnderWay_CommitsBehindItAndNotInPulls()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m0");
        TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.UpdateConsumerOffset] = arrived.Task;
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly: true) with { CommitInterval = TimeSpan.FromMilliseconds(20) });
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.UpdateConsumerOffset).Length == 1, "the first offset is on its way");
        cluster.Broker.Holds.Clear();
        cluster.Broker.Append("T", 0, "m1");
        await Eventually.TrueAsync(() => Texts.Count == 2, "both are handled");

        Task stop = consumer.StopAsync();
        await Task.WhenAny(stop, Task.Delay(TimeSpan.FromMilliseconds(500)));
        stop.IsCompleted.Should().BeFalse("brokers handle requests in any order: an older offset must not come last");
        arrived.SetResult();
        await stop;

        cluster.Broker.Offsets[("T", 0)].Should().Be(2);
        cluster.Broker.Of(RequestCode.PullMessage).Should().NotBeEmpty().And.OnlyContain(static pull => pull.Get("sysFlag") == "2", "an offset in a pull that was given up may come last, too");
    }

    [Fact]
    public void Options_WithALockRenewalThatComesTooLate_AreRefused()
    {
        FluentActions.Invoking(static () => new RocketMqPushConsumer(new PushConsumerOptions { NameServers = "127.0.0.1:1", Group = "g", LockRenewInterval = TimeSpan.FromMinutes(1) }))
            .Should().Throw<ArgumentException>().WithMessage("*LockRenewInterval*");
    }

    private static PushConsumerOptions WithEvents(PushConsumerOptions options, ConcurrentQueue<string> events)
    {
        return options with { OnAssigned = Note("assigned"), OnRevoked = Note("revoked"), OnLost = Note("lost") };

        Func<IReadOnlyCollection<MessageQueue>, CancellationToken, ValueTask> Note(string what) => (queues, _) =>
        {
            events.Enqueue($"{what} {string.Join(',', queues.Select(static queue => queue.QueueId).Order())}");
            return ValueTask.CompletedTask;
        };
    }
}
