using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;
using RocketOps.Testing.Time;
using RocketOps.Testing;
using static RocketOps.Broker.Tests.Transactions.TransactionBench;

namespace RocketOps.Broker.Tests.Transactions;

/// <summary>Commits and rollbacks that producers send: what becomes of the message, and which of them are refused.</summary>
public sealed class TransactionEndTests
{
    [Fact]
    public async Task Commit_IsReadInItsTopicOnce_AndNotBefore()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");

        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, queueId: 2, ("KEYS", "k"));
        half.Get("transactionId").Should().Be("key-order");
        half.Get("queueId").Should().Be("2");
        half.Get("queueOffset").Should().Be("0");
        (await ReadAsync(broker, "Paid", 2)).Should().BeEmpty();

        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success, "an end that comes twice is none");

        Requests.Received message = (await ReadAsync(broker, "Paid", 2)).Should().ContainSingle().Subject;
        message.Body.Should().Be("order");
        message.Properties.Get("KEYS").Should().Be("k");
        message.Properties.Get("__transactionId__").Should().Be("key-order");
        message.Properties.Get("TRAN_MSG").Should().Be("true", "RocketMQ leaves it, too");
        message.Properties.Get("REAL_TOPIC").Should().BeNull();
        (await RecordAsync(broker, message)).Should().Be((SysFlags.TransactionCommit, OffsetOf(half)));
    }

    /// <summary>A member of an elected group passes on what clients send one-way, and waits for an answer to it: without one for 2.5 s, in which the connection of the client that sent it cannot end.</summary>
    [Fact]
    public async Task Unknown_IsAnsweredWhereAnAnswerIsWanted_AndStaysOpen()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);

        (await producer.InvokeAsync(producer.End(half, 0))).Code.Should().Be(ResponseCode.Success);

        (await ReadAsync(broker, "Paid", 0)).Should().BeEmpty();
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }

    /// <summary>What was taken is found and stored, whatever the limit for new messages is.</summary>
    [Fact]
    public async Task Commit_TheLimitWasLoweredSince_IsReadInItsTopic()
    {
        using TempDirectory directory = new("broker-");
        string body = new('x', 8_000_000);
        RemotingCommand half;
        await using (TestBroker before = await TestBroker.StartAsync(new(Quiet, StringComparer.Ordinal) { ["maxMessageSize"] = "9000000" }, directory))
        {
            await using Producer first = await Producer.StartAsync(before, "pg");
            half = await first.SendHalfAsync("Paid", body, DateTimeOffset.UtcNow);
        }

        await using TestBroker broker = await TestBroker.StartAsync(Quiet, directory);
        await using Producer producer = await Producer.StartAsync(broker, "pg");

        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);

        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle().Which.Body.Should().Be(body);
    }

    /// <summary>A producer ends a transaction by a one-way request, and may close its connection at once: what it has sent counts, however long the broker takes for it.</summary>
    [Fact]
    public async Task Commit_OneWayAndTheProducerLeaves_IsCarriedOut()
    {
        using TempDirectory directory = new("leaves-");
        RemotingCommand half;
        await using (TestBroker before = await TestBroker.StartAsync(Quiet, directory))
        {
            await using Producer producer = await Producer.StartAsync(before, "pg");
            half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        }

        using StuckReads disk = new();
        await using TestBroker broker = await TestBroker.StartAsync(Quiet, directory, fileSystem: disk);
        using IDisposable spell = disk.Begin();
        int threads = new StoreOptions { RootDirectory = "" }.ColdReadThreads;
        Task[] looks = [.. Enumerable.Range(0, threads).Select(_ => broker.Host.Modules.Host.Store.Reader.LookMessageAsync(new PhysicalOffset(OffsetOf(half)), CancellationToken.None).AsTask())];
        await Eventually.TrueAsync(() => disk.Waiting == threads, "every thread that reads is at work, and what else is to be read waits");
        await using (Producer leaving = await Producer.StartAsync(broker, "pg"))
        {
            await leaving.InvokeOneWayAsync(leaving.End(half, Producer.Commit));
        }

        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Producers.ChannelsOf("pg").Count == 0, "the broker knows that it has left");
        disk.End();

        await Task.WhenAll(looks);
        await Eventually.TrueAsync(async () => (await ReadAsync(broker, "Paid", 0)).Count == 1, "it is committed");
    }

    [Fact]
    public async Task End_WhatDoesNotFit_IsRefused()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        RemotingCommand plain = await broker.SendAsync("Paid", "plain", properties: Requests.Properties(("PGROUP", "pg")));
        long offset = OffsetOf(half);

        await RefusedAsync(Producer.End("other", 0, offset, 8), "The producer group wrong");
        await RefusedAsync(Producer.End("pg", 1, offset, 8), "The transaction state table offset wrong");
        await RefusedAsync(Producer.End("pg", 0, offset + 1, 8), "Find prepared transaction message failed");
        await RefusedAsync(Producer.End("pg", 0, -5, 8), "Find prepared transaction message failed");
        await RefusedAsync(Producer.End("pg", 0, OffsetOf(plain), 8), "Find prepared transaction message failed");
        (await ReadAsync(broker, OpTopic, 0)).Should().BeEmpty();

        async Task RefusedAsync(RemotingCommand end, string remark)
        {
            RemotingCommand answer = await producer.InvokeAsync(end);
            (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, remark));
        }
    }

    [Fact]
    public async Task Delay_BeginsWithTheCommit()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(Quiet, StringComparer.Ordinal) { ["messageDelayLevel"] = "1s" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, properties: ("DELAY", "1"));
        (await ReadAsync(broker, HalfTopic, 0)).Should().ContainSingle();

        await producer.CommitAsync(half);

        (await ReadAsync(broker, "SCHEDULE_TOPIC_XXXX", 0)).Should().ContainSingle();
        await Eventually.TrueAsync(async () => (await ReadAsync(broker, "Paid", 0)).Count == 1, "the delayed message is delivered");
    }

    /// <summary>Whoever sets the clock forward makes all producers late; none loses anything by it.</summary>
    [Fact]
    public async Task Commit_TheQueueIsGone_IsRefusedUntilItIsBack()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await broker.CreateTopicAsync("Paid", queues: 4);
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, queueId: 3);
        await broker.CreateTopicAsync("Paid", queues: 2);

        RemotingCommand refused = await producer.CommitAsync(half);

        (refused.Code, refused.Remark).Should().Be((ResponseCode.InvalidParameter, "request queueId[3] is illegal, topic Paid has 2 write and 2 read queues"));
        (await ReadAsync(broker, OpTopic, 0)).Should().BeEmpty("it is not settled");
        await broker.CreateTopicAsync("Paid", queues: 4);
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        (await ReadAsync(broker, "Paid", 3)).Should().ContainSingle();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_AfterTheClockWasSetForward_IsTakenOrAskedFor(bool hasImmunity)
    {
        MovedTime time = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "100", ["transactionTimeOut"] = "1800000" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, time: time);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", time.GetUtcNow(), properties: hasImmunity ? [("CHECK_IMMUNITY_TIME_IN_SECONDS", "1800")] : []);
        time.Set(TimeSpan.FromHours(1));

        RemotingCommand answer = await producer.CommitAsync(half);

        if (hasImmunity)
        {
            answer.Code.Should().Be(ResponseCode.IllegalOperation, "by the clock its time is over");
            await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
            answer = await producer.AnswerAsync(producer.Questions.First());
        }

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
        (await ReadAsync(broker, GivenUpTopic, 0)).Should().BeEmpty();
        await SettledAsync(broker);
    }

    /// <summary>The time was allowed when the half was sent: it is kept, and not delivered at once.</summary>
    [Fact]
    public async Task Commit_OfATimeThatWouldNotBeTakenNow_WaitsForIt()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, properties: ("TIMER_DELAY_SEC", "3600"));
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = "timerMaxDelaySec=10"u8.ToArray();
        (await broker.InvokeAsync(update)).Code.Should().Be(ResponseCode.Success);

        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);

        (await ReadAsync(broker, "rmq_sys_wheel_timer", 0)).Should().ContainSingle();
        (await ReadAsync(broker, "Paid", 0)).Should().BeEmpty();
    }

    [Fact]
    public async Task Commit_OfATimeWithoutTimers_IsRefusedAndStaysOpen()
    {
        using TempDirectory directory = new("broker-");
        RemotingCommand half;
        await using (TestBroker before = await TestBroker.StartAsync(Quiet, directory))
        {
            await using Producer first = await Producer.StartAsync(before, "pg");
            half = await first.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, properties: ("TIMER_DELAY_SEC", "3600"));
        }

        await using TestBroker broker = await TestBroker.StartAsync(new(Quiet, StringComparer.Ordinal) { ["timerWheelEnable"] = "false" }, directory);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand answer = await producer.CommitAsync(half);

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, "accurate timer message is not enabled, timerWheelEnable is false"));
        (await ReadAsync(broker, "Paid", 0)).Should().BeEmpty();
        (await ReadAsync(broker, OpTopic, 0)).Should().BeEmpty("it is not settled");
        (await producer.RollBackAsync(half)).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Commit_TheTopicIsGone_IsRefusedAndMakesNone()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        (await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Paid"))).Code.Should().Be(ResponseCode.Success);

        RemotingCommand answer = await producer.CommitAsync(half);

        (answer.Code, answer.Remark).Should().Be((ResponseCode.TopicNotExist, "topic[Paid] not exist, apply first please!"));
        (await ReadAsync(broker, OpTopic, 0)).Should().BeEmpty("it is not settled");
    }

    [Fact]
    public async Task End_LongAfterTheTimeTheProducerAskedFor_IsRefusedUnlessAsked()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(Quiet, StringComparer.Ordinal) { ["transactionTimeOut"] = "0" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow.AddMinutes(-1), properties: ("CHECK_IMMUNITY_TIME_IN_SECONDS", "5"));

        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.IllegalOperation);
        (await producer.InvokeAsync(producer.End(half, 8).Set("fromTransactionCheck", true))).Code.Should().Be(ResponseCode.Success);

        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }
}
