using System.Globalization;
using System.Text;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Producing;

/// <summary>Single sends that travel together. What was sent first is held at the broker until the rest is there, so that what comes together does not depend on time.</summary>
public sealed class AutoBatchTests
{
    private static readonly TimeSpan Patience = Eventually.DefaultDeadline;

    [Fact]
    public async Task Send_WhileOneIsUnderWay_LeavesWithTheOthersInOrder()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);
        TaskCompletionSource answer = Hold(cluster);

        Task<SendResult>[] sending = [.. Numbers(100).Select(number => producer.SendAsync(new Message("T", number)))];
        await FirstArrivedAsync(cluster);
        answer.SetResult();
        SendResult[] results = await Task.WhenAll(sending);

        cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle("an idle topic delays nothing");
        cluster.Broker.Of(RequestCode.SendBatchMessage).Should().ContainSingle();
        cluster.Broker.Texts("T", 0).Should().Equal(Numbers(100));
        results.Select(static result => result.QueueOffset).Should().Equal(Enumerable.Range(0, 100).Select(static i => (long)i));
        results.Select(static result => result.OffsetMessageId[^8..]).Should().Equal(Enumerable.Range(0, 100).Select(static i => i.ToString("X8", CultureInfo.InvariantCulture)));
        results.Select(static result => result.MessageId).Should().OnlyHaveUniqueItems().And.OnlyContain(static id => id.Length == 32);
    }

    [Fact]
    public async Task Send_ByKeysBeforeTheRouteIsKnown_KeepsTheOrderOfEachKey()
    {
        await using FakeCluster cluster = await StartAsync(queues: 4);
        await using RocketMqProducer producer = Producer(cluster);

        await Task.WhenAll(Numbers(400).Select((number, i) => producer.SendAsync(new Message("T", $"{i % 7} {number}"), shardingKey: (i % 7).ToString(CultureInfo.InvariantCulture))));

        string[][] queues = [.. Enumerable.Range(0, 4).Select(queue => cluster.Broker.Texts("T", queue))];
        queues.Sum(static texts => texts.Length).Should().Be(400);
        foreach (IGrouping<char, string> key in queues.SelectMany(static texts => texts).GroupBy(static text => text[0]))
        {
            key.Should().BeInAscendingOrder(StringComparer.Ordinal, "messages of a key keep their order");
        }

        queues.SelectMany(static (texts, queue) => texts.Select(text => (Key: text[..1], queue))).Distinct().Should().HaveCount(7, "a key has one queue");
    }

    [Fact]
    public async Task Send_OneThatTheBrokerRefuses_FailsAlone()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);
        cluster.Broker.Overrides[RequestCode.SendBatchMessage] = static request => RemotingCommand.CreateResponse(request, ResponseCode.MessageIllegal, "too long");
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request =>
            request.Body.Span.SequenceEqual("bad"u8) ? RemotingCommand.CreateResponse(request, ResponseCode.MessageIllegal, "too long") : null;
        TaskCompletionSource answer = Hold(cluster);

        Task<SendResult> first = producer.SendAsync(new Message("T", "0"));
        await FirstArrivedAsync(cluster);
        Task<SendResult>[] rest = [.. new[] { "1", "bad", "2" }.Select(text => producer.SendAsync(new Message("T", text)))];
        answer.SetResult();

        await first;
        await rest[0];
        await rest[2];
        (await FluentActions.Awaiting(() => rest[1]).Should().ThrowAsync<RocketMqException>()).Which.ResponseCode.Should().Be(ResponseCode.MessageIllegal);
        cluster.Broker.Texts("T", 0).Should().Equal("0", "1", "2");
    }

    [Fact]
    public async Task Send_ThatFails_FailsEveryMessageOfItsBatch()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster, static options => options with { RetryTimes = 0 });
        cluster.Broker.Overrides[RequestCode.SendBatchMessage] = static request => RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "disk full");
        TaskCompletionSource answer = Hold(cluster);

        Task<SendResult>[] sending = [.. Numbers(3).Select(number => producer.SendAsync(new Message("T", number)))];
        await FirstArrivedAsync(cluster);
        answer.SetResult();

        await sending[0];
        foreach (Task<SendResult> failing in sending[1..])
        {
            (await FluentActions.Awaiting(() => failing).Should().ThrowAsync<RocketMqException>()).Which.ResponseCode.Should().Be(ResponseCode.ServiceNotAvailable);
        }

        await producer.SendAsync(new Message("T", "later"));
    }

    [Fact]
    public async Task Send_WhatDoesNotGoTogether_TravelsApartInOrder()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.AddTopic("U", 1);
        await using RocketMqProducer producer = Producer(cluster, static options => options with { BatchMaxBytes = 2000, CompressBodyOverBytes = int.MaxValue });
        string large = new('x', 3000);
        TaskCompletionSource answer = Hold(cluster);

        Task<SendResult> first = producer.SendAsync(new Message("T", "0"));
        await FirstArrivedAsync(cluster);
        Task<SendResult>[] rest =
        [
            producer.SendAsync(new Message("T", "1")),
            producer.SendAsync(new Message("T", "2")),
            producer.SendAsync(new Message("T", large)),
            producer.SendAsync(new Message("T", "3") { WaitStored = false }),
            producer.SendAsync(new Message("T", "4") { WaitStored = false }),
            producer.SendAsync(new Message("T", "5")),
            producer.SendAsync(new Message("U", "u")),
            producer.SendAsync(new Message("T", "delayed") { DelayLevel = 3 }),
        ];
        answer.SetResult();
        await first;
        await Task.WhenAll(rest);

        cluster.Broker.Of(RequestCode.SendBatchMessage).Should().HaveCount(2).And.OnlyContain(static request => request.Get("b") == "T");
        cluster.Broker.Of(RequestCode.SendMessageV2).Should().HaveCount(5, "0, the large one, 5, u and the delayed one");
        cluster.Broker.Texts("T", 0).Where(static text => text != "delayed").Should().Equal("0", "1", "2", large, "3", "4", "5");
        cluster.Broker.Texts("U", 0).Should().Equal("u");
    }

    [Fact]
    public async Task Send_MoreThanMayWait_FailsAtOnceAndGoesOnLater()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster, static options => options with { BatchMaxBytes = 1024, TotalBatchMaxBytes = 4 * 1024 });
        TaskCompletionSource answer = Hold(cluster);

        List<Task<SendResult>> sending = [];
        RocketMqException? refused = null;
        while (refused is null && sending.Count < 100)
        {
            Task<SendResult> next = producer.SendAsync(new Message("T", "x"));
            if (next.IsFaulted)
            {
                refused = (await FluentActions.Awaiting(() => next).Should().ThrowAsync<RocketMqException>()).Which;
            }
            else
            {
                sending.Add(next);
            }
        }

        refused!.Message.Should().Contain("TotalBatchMaxBytes");
        sending.Should().HaveCountLessThan(8);
        answer.SetResult();
        await Task.WhenAll(sending);
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await Task.WhenAll(sending.Select(_ => producer.SendAsync(new Message("T", "y"))));
                    return true;
                }
                catch (RocketMqException)
                {
                    return false;
                }
            },
            "as many fit again");
    }

    [Fact]
    public async Task Send_GivenUpBeforeItLeft_IsNotSent()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);
        using CancellationTokenSource stop = new();
        TaskCompletionSource answer = Hold(cluster);

        Task<SendResult> first = producer.SendAsync(new Message("T", "0"));
        await FirstArrivedAsync(cluster);
        Task<SendResult> givenUp = producer.SendAsync(new Message("T", "1"), stop.Token);
        Task<SendResult> second = producer.SendAsync(new Message("T", "2"));
        await stop.CancelAsync();
        await FluentActions.Awaiting(() => givenUp).Should().ThrowAsync<OperationCanceledException>();
        answer.SetResult();
        await first;
        await second;

        cluster.Broker.Texts("T", 0).Should().Equal("0", "2");
    }

    [Fact]
    public async Task Send_TimeOfTheOldestIsOver_FailsTheOldestAlone()
    {
        await using FakeCluster cluster = await StartAsync();
        FakeTimeProvider time = new();
        await using RocketMqProducer producer = Producer(cluster, options => options with { SendTimeout = TimeSpan.FromSeconds(10), TimeProvider = time });
        TaskCompletionSource answer = Hold(cluster);
        TaskCompletionSource batchAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.SendBatchMessage] = batchAnswer.Task;

        Task<SendResult> first = producer.SendAsync(new Message("T", "0"));
        await FirstArrivedAsync(cluster);
        Task<SendResult> old = producer.SendAsync(new Message("T", "1"));
        time.Advance(TimeSpan.FromSeconds(6));
        Task<SendResult> young = producer.SendAsync(new Message("T", "2"));
        answer.SetResult();
        await first;
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendBatchMessage).Length == 1, "the two leave together");
        time.Advance(TimeSpan.FromSeconds(5));

        (await FluentActions.Awaiting(() => old.WaitAsync(Patience)).Should().ThrowAsync<RocketMqException>()).Which.IsOutcomeUnknown.Should().BeTrue("it may be stored");
        young.IsCompleted.Should().BeFalse("it has five seconds left");
        batchAnswer.SetResult();
        (await young.WaitAsync(Patience)).QueueOffset.Should().Be(2);
    }

    /// <summary>The times are too short to judge the broker by: its connection stays, though the first send has no answer.</summary>
    [Fact]
    public async Task Send_TimeIsOverBeforeItLeaves_IsNotSent()
    {
        await using FakeCluster cluster = await StartAsync();
        FakeTimeProvider time = new();
        await using RocketMqProducer producer = Producer(cluster, options => options with { SendTimeout = TimeSpan.FromMilliseconds(500), RetryTimes = 0, TimeProvider = time });
        TaskCompletionSource answer = Hold(cluster);

        Task<SendResult> first = producer.SendAsync(new Message("T", "0"));
        await FirstArrivedAsync(cluster);
        Task<SendResult> old = producer.SendAsync(new Message("T", "1"));
        time.Advance(TimeSpan.FromMilliseconds(450));
        Task<SendResult> young = producer.SendAsync(new Message("T", "2"));
        time.Advance(TimeSpan.FromMilliseconds(50));
        answer.SetResult();

        await FluentActions.Awaiting(() => first.WaitAsync(Patience)).Should().ThrowAsync<RocketMqException>();
        (await FluentActions.Awaiting(() => old.WaitAsync(Patience)).Should().ThrowAsync<RocketMqException>()).Which.IsOutcomeUnknown.Should().BeFalse("it was not sent");
        await young.WaitAsync(Patience);
        cluster.Broker.Of(RequestCode.SendMessageV2).Select(static request => Encoding.UTF8.GetString(request.Body.Span)).Should().Equal("0", "2");
    }

    [Fact]
    public async Task Dispose_SendsWhatWaits()
    {
        await using FakeCluster cluster = await StartAsync(queues: 4);
        RocketMqProducer producer = Producer(cluster, static options => options with { BatchMaxDelay = TimeSpan.FromMinutes(10), SendTimeout = TimeSpan.FromMinutes(20) });
        Task<SendResult>[] sending =
        [
            .. Numbers(20).Select(number => producer.SendAsync(new Message("T", number))),
            .. Numbers(20).Select(number => producer.SendAsync(new Message("T", number), shardingKey: number)),
        ];

        await producer.DisposeAsync();

        Enumerable.Range(0, 4).Sum(queue => cluster.Broker.Texts("T", queue).Length).Should().Be(40);
        // Who sends hears of it just behind what the disposing waits for.
        await Task.WhenAll(sending).WaitAsync(Patience);
        await FluentActions.Awaiting(() => producer.SendAsync(new Message("T", "late"))).Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task Delay_EndsWhenABatchIsFull()
    {
        await using FakeCluster cluster = await StartAsync();
        RocketMqProducer producer = Producer(cluster, static options => options with { BatchMaxBytes = 900, BatchMaxDelay = TimeSpan.FromMinutes(10), SendTimeout = TimeSpan.FromMinutes(20) });

        Task<SendResult>[] sending = [.. Enumerable.Range(0, 3).Select(_ => producer.SendAsync(new Message("T", new string('x', 250))))];
        await Task.WhenAll(sending[..2]).WaitAsync(Patience);

        cluster.Broker.Of(RequestCode.SendMessageV2).Should().BeEmpty("none went by itself");
        sending[2].IsCompleted.Should().BeFalse("it waits for others");
        await producer.DisposeAsync();
        await sending[2];
    }

    [Fact]
    public async Task Send_TopicWithoutRoute_FailsEachOfItsKeys()
    {
        await using FakeCluster cluster = await StartAsync();
        await using RocketMqProducer producer = Producer(cluster);

        Task<SendResult>[] sending = [.. Numbers(3).Select(number => producer.SendAsync(new Message("missing", number), shardingKey: "k"))];

        foreach (Task<SendResult> failing in sending)
        {
            await FluentActions.Awaiting(() => failing).Should().ThrowAsync<RocketMqException>().WithMessage("*missing*");
        }
    }

    [Fact]
    public void Options_ThatContradictEachOther_AreRefused()
    {
        Refused(new ProducerOptions { BatchMaxBytes = 0 }).WithMessage("*BatchMaxBytes*");
        Refused(new ProducerOptions { BatchMaxBytes = 5 * 1024 * 1024 }).WithMessage("*MaxMessageBytes*");
        Refused(new ProducerOptions { BatchMaxDelay = TimeSpan.FromSeconds(3) }).WithMessage("*SendTimeout*");
        Refused(new ProducerOptions { TotalBatchMaxBytes = 1000 }).WithMessage("*TotalBatchMaxBytes*");

        static FluentAssertions.Specialized.ExceptionAssertions<ArgumentException> Refused(ProducerOptions options) =>
            FluentActions.Invoking(() => new RocketMqProducer(options with { NameServers = "127.0.0.1:1", AutoBatch = true })).Should().Throw<ArgumentException>();
    }

    private static IEnumerable<string> Numbers(int count) => Enumerable.Range(0, count).Select(static i => i.ToString("D4", CultureInfo.InvariantCulture));

    private static async Task<FakeCluster> StartAsync(int queues = 1)
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", queues);
        return cluster;
    }

    private static RocketMqProducer Producer(FakeCluster cluster, Func<ProducerOptions, ProducerOptions>? change = null)
    {
        ProducerOptions options = cluster.ProducerOptions with { AutoBatch = true, OnError = static _ => { } };
        return new RocketMqProducer(change?.Invoke(options) ?? options);
    }

    // Answers to single sends wait.
    private static TaskCompletionSource Hold(FakeCluster cluster)
    {
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.SendMessageV2] = answer.Task;
        return answer;
    }

    private static Task FirstArrivedAsync(FakeCluster cluster) => Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.SendMessageV2).Length > 0, "the first is at the broker");
}
