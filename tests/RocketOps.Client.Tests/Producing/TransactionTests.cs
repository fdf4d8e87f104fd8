using System.Collections.Concurrent;
using System.Text;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Producing;

public sealed class TransactionTests
{
    [Fact]
    public async Task Begin_ThenCommit_SendsAHalfAndItsEnd()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster, static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown));
        Message message = new("T", "hello", "TagA", "k1");

        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(message);
        cluster.Broker.Of(RequestCode.EndTransaction).Should().BeEmpty("nothing is decided yet");
        await transaction.CommitAsync();

        RemotingCommand half = cluster.Broker.Of(RequestCode.SendMessageV2).Single();
        half.Get("f").Should().Be("4", "the flag of a prepared message");
        MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(half.GetRequired("i"))).Should().Contain("TRAN_MSG", "true").And.Contain("PGROUP", "pg").And.Contain("UNIQ_KEY", transaction.MessageId);
        message.Properties.Keys.Should().BeEquivalentTo("TAGS", "KEYS");
        RemotingCommand end = cluster.Broker.Of(RequestCode.EndTransaction).Single();
        end.IsOneWay.Should().BeFalse("a commit that returns has happened");
        end.ExtFields.Should().Contain("producerGroup", "pg").And.Contain("topic", "T").And.Contain("tranStateTableOffset", "0").And.Contain("commitLogOffset", "0").And.Contain("commitOrRollback", "8")
            .And.Contain("fromTransactionCheck", "false").And.Contain("msgId", transaction.MessageId).And.Contain("transactionId", transaction.MessageId);
    }

    [Fact]
    public async Task Begin_BrokerHasNotHeardOfTheProducer_TellsItFirst()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster, static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown));

        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello"));

        cluster.Broker.Received.Select(static request => request.Code).TakeWhile(static code => code != RequestCode.SendMessageV2).Should().Contain(RequestCode.HeartBeat);
        await transaction.RollbackAsync();
    }

    [Fact]
    public async Task Rollback_SendsTheOtherEnd()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster, static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown));
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello"));

        await transaction.RollbackAsync();

        cluster.Broker.Of(RequestCode.EndTransaction).Single().Get("commitOrRollback").Should().Be("12");
        await FluentActions.Awaiting(() => transaction.CommitAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*has ended*");
        cluster.Broker.Of(RequestCode.EndTransaction).Should().ContainSingle();
    }

    [Fact]
    public async Task Dispose_WithoutAnEnd_LeavesItToTheCheckerAndSaysSo()
    {
        await using FakeCluster cluster = await StartAsync();
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqProducer producer = Producer(cluster, static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown), errors.Enqueue);

        await using (IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello")))
        {
            // The local work fails.
        }

        cluster.Broker.Of(RequestCode.EndTransaction).Should().BeEmpty("nobody knows whether the local work was done");
        errors.Should().ContainSingle(static error => error.Id.Id == 4112);
    }

    [Fact]
    public async Task Commit_BrokerRefuses_Throws()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster, static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown));
        cluster.Broker.Overrides[RequestCode.EndTransaction] = request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "The producer group wrong");
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello"));

        (await FluentActions.Awaiting(() => transaction.CommitAsync()).Should().ThrowAsync<RocketMqException>()).Which.Remark.Should().Be("The producer group wrong");
    }

    [Fact]
    public async Task Commit_Failed_MayBeRepeatedAndNotTurnedRound()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster, static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown));
        int ends = 0;
        cluster.Broker.Overrides[RequestCode.EndTransaction] = request =>
            Interlocked.Increment(ref ends) == 1 ? RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "being checked") : null;
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello"));

        await FluentActions.Awaiting(() => transaction.CommitAsync()).Should().ThrowAsync<RocketMqException>();
        await FluentActions.Awaiting(() => transaction.RollbackAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*Commit*failed*repeat it*");
        await transaction.CommitAsync();
        await FluentActions.Awaiting(() => transaction.CommitAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*has ended*");

        cluster.Broker.Of(RequestCode.EndTransaction).Select(static request => request.Get("commitOrRollback")).Should().Equal("8", "8");
    }

    [Fact]
    public async Task Commit_BrokerWithoutAMaster_SucceedsWhenItHasOneAgain()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with
        {
            Group = "pg",
            TransactionChecker = static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown),
            RouteRefreshInterval = TimeSpan.FromMilliseconds(50),
            OnError = static _ => { },
        });
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello"));
        string route = cluster.Route("T");
        cluster.SetRoute("T", route.Replace($"0:\"{cluster.Broker.Address}\"", string.Empty, StringComparison.Ordinal));
        int questions = cluster.RouteQuestions("T");
        await Eventually.TrueAsync(() => cluster.RouteQuestions("T") > questions + 1, "the producer learns that there is no master");

        await FluentActions.Awaiting(() => transaction.CommitAsync()).Should().ThrowAsync<RocketMqException>().WithMessage("*no master*");
        cluster.SetRoute("T", route);
        await transaction.CommitAsync();

        cluster.Broker.Of(RequestCode.EndTransaction).Should().ContainSingle();
    }

    [Fact]
    public async Task Begin_StoredLessSafelyThanWished_RollsBackAndThrows()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster, static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown));
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request =>
            RemotingCommand.CreateResponse(request, ResponseCode.FlushDiskTimeout).Set("msgId", "7F00000100002A9F0000000000000100").Set("queueId", 0).Set("queueOffset", 5);

        await FluentActions.Awaiting(() => producer.BeginTransactionAsync(new Message("T", "hello"))).Should().ThrowAsync<RocketMqException>().WithMessage("*FlushDiskTimeout*rolled back*");

        cluster.Broker.Of(RequestCode.EndTransaction).Single().ExtFields.Should().Contain("commitOrRollback", "12").And.Contain("commitLogOffset", "256").And.Contain("tranStateTableOffset", "5");
    }

    [Fact]
    public async Task Begin_WhatCannotBeATransaction_IsRefusedHere()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer without = new(cluster.ProducerOptions);
        await using RocketMqProducer producer = Producer(cluster, static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown));

        await FluentActions.Awaiting(() => without.BeginTransactionAsync(new Message("T", "x"))).Should().ThrowAsync<InvalidOperationException>().WithMessage("*TransactionChecker*");
        await FluentActions.Awaiting(() => producer.BeginTransactionAsync(new Message("T", "x") { DelayLevel = 3 })).Should().ThrowAsync<ArgumentException>().WithMessage("*delayed*");

        cluster.Broker.Of(RequestCode.SendMessageV2).Should().BeEmpty();
    }

    [Theory]
    [InlineData(TransactionResolution.Commit, "8")]
    [InlineData(TransactionResolution.Rollback, "12")]
    public async Task Check_CheckerKnows_AnswersOnTheSameConnection(TransactionResolution resolution, string sent)
    {
        await using FakeCluster cluster = await StartAsync();
        ConcurrentQueue<ReceivedMessage> asked = new();
        await using RocketMqProducer producer = Producer(cluster, (message, _) =>
        {
            asked.Enqueue(message);
            return ValueTask.FromResult(resolution);
        });
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello", "TagA", "order-17"));

        Ask(cluster);

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.EndTransaction).Length == 1, "the broker gets an answer");
        asked.Single().Should().Match<ReceivedMessage>(message => message.MessageId == transaction.MessageId && message.Keys == "order-17" && message.Topic == "T");
        cluster.Broker.Of(RequestCode.EndTransaction).Single().ExtFields.Should().Contain("commitOrRollback", sent).And.Contain("fromTransactionCheck", "true")
            .And.Contain("tranStateTableOffset", "71").And.Contain("commitLogOffset", "1234").And.Contain("producerGroup", "pg").And.Contain("msgId", transaction.MessageId);
        await transaction.DisposeAsync();
    }

    [Fact]
    public async Task Check_CheckerDoesNotKnowOrThrows_IsLeftToTheNextOne()
    {
        await using FakeCluster cluster = await StartAsync();
        ConcurrentQueue<ClientError> errors = new();
        int calls = 0;
        await using RocketMqProducer producer = Producer(
            cluster,
            (_, _) => Interlocked.Increment(ref calls) switch
            {
                1 => ValueTask.FromResult(TransactionResolution.Unknown),
                2 => throw new InvalidOperationException("no database"),
                _ => ValueTask.FromResult(TransactionResolution.Commit),
            },
            errors.Enqueue);
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello"));

        for (int call = 1; call <= 3; call++)
        {
            cluster.Broker.Of(RequestCode.EndTransaction).Should().BeEmpty();
            Ask(cluster);
            await Eventually.TrueAsync(() => Volatile.Read(ref calls) == call, "the checker is asked");
        }

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.EndTransaction).Length == 1, "the third answer counts");
        await Eventually.TrueAsync(() => errors.Any(static error => error.Id.Id == 4113), "the exception is reported");
        errors.Should().ContainSingle(static error => error.Id.Id == 4113).Which.Exception!.Message.Should().Be("no database");
    }

    [Fact]
    public async Task Check_MoreThanMayRun_Waits()
    {
        await using FakeCluster cluster = await StartAsync();
        TaskCompletionSource free = new();
        int running = 0;
        int most = 0;
        int calls = 0;
        await using RocketMqProducer producer = Producer(cluster, async (_, _) =>
        {
            int now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            Interlocked.Increment(ref calls);
            await free.Task;
            Interlocked.Decrement(ref running);
            return TransactionResolution.Commit;
        });
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello"));

        for (int i = 0; i < 10; i++)
        {
            Ask(cluster);
        }

        await Eventually.TrueAsync(() => Volatile.Read(ref calls) == 2, "two run");
        free.SetResult();
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.EndTransaction).Length == 10, "all are answered");
        most.Should().Be(2);
    }

    [Fact]
    public async Task Dispose_CheckerAtWork_CancelsItAndWaits()
    {
        await using FakeCluster cluster = await StartAsync();
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool ended = false;
        RocketMqProducer producer = Producer(cluster, async (_, cancellationToken) =>
        {
            started.SetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
            finally
            {
                ended = true;
            }

            return TransactionResolution.Commit;
        });
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello"));
        Ask(cluster);
        await started.Task;

        await producer.DisposeAsync();

        ended.Should().BeTrue();
        cluster.Broker.Of(RequestCode.EndTransaction).Should().BeEmpty();
    }

    [Fact]
    public async Task Check_AnyBytes_AreReportedAndTheNextIsAnswered()
    {
        await using FakeCluster cluster = await StartAsync();
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqProducer producer = Producer(cluster, static (_, _) => ValueTask.FromResult(TransactionResolution.Commit), errors.Enqueue);
        await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "hello"));
        byte[] good = cluster.Broker.Record("T", 0, 0);
        Random random = new(17);
        const int Bad = 300;

        for (int i = 0; i < Bad; i++)
        {
            byte[] bytes = new byte[random.Next(0, 200)];
            random.NextBytes(bytes);
            Ask(cluster, bytes);
        }

        // Whole but for one field of the header, and of another group.
        Ask(cluster, good, withOffsets: false);
        Ask(cluster, Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(good).Replace("PGROUP\u0001pg", "PGROUP\u0001px", StringComparison.Ordinal)));
        Ask(cluster);

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.EndTransaction).Length == 1, "the one that can be read is answered");
        await Eventually.TrueAsync(() => errors.Count(static error => error.Id.Id == 4115) == Bad + 2, "the others are reported");
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (seen < value && Interlocked.CompareExchange(ref target, value, seen) is int current && current != seen)
        {
            seen = current;
        }
    }

    // As a broker asks; the half is the first message that came.
    private static void Ask(FakeCluster cluster, byte[]? body = null, bool withOffsets = true)
    {
        RemotingConnection producer = cluster.Broker.Producers.Values.Single();
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.CheckTransactionState).Set("topic", "T").Set("bname", cluster.Broker.Name);
        if (withOffsets)
        {
            request.Set("tranStateTableOffset", 71).Set("commitLogOffset", 1234);
        }

        request.Body = body ?? cluster.Broker.Record("T", 0, 0);
        producer.SendOneWay(request).Should().BeTrue();
    }

    private static async Task<FakeCluster> StartAsync()
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        return cluster;
    }

    private static RocketMqProducer Producer(FakeCluster cluster, TransactionChecker checker, Action<ClientError>? onError = null) =>
        new(cluster.ProducerOptions with { Group = "pg", TransactionChecker = checker, MaxConcurrentChecks = 2, OnError = onError ?? (static _ => { }) });
}
