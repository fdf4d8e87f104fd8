using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Client.Tests;

/// <summary>Mistakes are refused at once, failures in the background are reported.</summary>
public sealed class ClientErrorsTests
{
    private readonly ConcurrentQueue<ClientError> _errors = new();

    [Theory]
    [InlineData("a b!", "' '")]
    [InlineData("größe", "'ö'")]
    [InlineData("", "needs a name")]
    public void New_ImpossibleGroup_IsRefusedSayingWhy(string group, string why)
    {
        FluentActions.Invoking(() => new RocketMqPushConsumer(new PushConsumerOptions { NameServers = "127.0.0.1:1", Group = group })).Should().Throw<ArgumentException>().WithMessage($"*{why}*");
        FluentActions.Invoking(() => new RocketMqProducer(new ProducerOptions { NameServers = "127.0.0.1:1", Group = group })).Should().Throw<ArgumentException>().WithMessage($"*{why}*");
    }

    [Fact]
    public void New_GroupLongerThanBrokersAccept_IsRefused()
    {
        FluentActions.Invoking(() => new RocketMqProducer(new ProducerOptions { NameServers = "127.0.0.1:1", Group = new string('g', 121) })).Should().Throw<ArgumentException>().WithMessage("*121 characters, more than 120*");
    }

    [Fact]
    public void New_WithoutNameServers_SaysHowToGiveThem()
    {
        Environment.GetEnvironmentVariable("NAMESRV_ADDR").Should().BeNull("tests run without it");

        FluentActions.Invoking(() => new RocketMqProducer(new ProducerOptions())).Should().Throw<ArgumentException>().WithMessage("*NameServers*NAMESRV_ADDR*");
    }

    [Theory]
    [InlineData("no topic", "*")]
    [InlineData("T", "a ||")]
    [InlineData("T", "|| a")]
    [InlineData("T", "a || || b")]
    [InlineData("T", "a | b")]
    [InlineData("T", "a || *")]
    public async Task Subscribe_WhatWouldMatchNothing_IsRefused(string topic, string expression)
    {
        await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { NameServers = "127.0.0.1:1", Group = "g", LoggerFactory = NullLoggerFactory.Instance });

        await consumer.Awaiting(it => it.SubscribeAsync(topic, expression, (_, _) => ValueTask.FromResult(ConsumeResult.Success))).Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task Start_SubscribedToNothing_IsRefused()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        await using RocketMqPushConsumer consumer = Consumer(cluster);

        await consumer.Awaiting(static it => it.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*g*SubscribeAsync*");
    }

    [Fact]
    public async Task Handler_Throws_IsReportedWithMessageAndQueue()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.Broker.Append("T", 0, "m0");
        await using RocketMqPushConsumer consumer = Consumer(cluster);
        await consumer.SubscribeAsync("T", "*", static (_, _) => throw new InvalidOperationException("no bottles"));

        await consumer.StartAsync();

        await Eventually.TrueAsync(() => _errors.Any(static error => error.Exception is InvalidOperationException), "the failure is reported");
        ClientError reported = _errors.First(static error => error.Exception is InvalidOperationException);
        reported.Queue.Should().Be(new MessageQueue("T", "broker-a", 0));
        reported.MessageId.Should().Be("id-m0");
        reported.Level.Should().Be(LogLevel.Warning);
        reported.ToString().Should().Contain("no bottles");
    }

    [Fact]
    public async Task Topic_ThatDoesNotExist_IsReportedOnce()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        await using RocketMqPushConsumer consumer = Consumer(cluster, TimeSpan.FromMilliseconds(20));
        await consumer.SubscribeAsync("Missing", "*", static (_, _) => ValueTask.FromResult(ConsumeResult.Success));

        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Missing() > 0 && cluster.RouteQuestions("Missing") > 4, "it is reported, and looked for again");
        cluster.AddTopic("Missing", 1);
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Count == 1, "it is read once it is there");

        Missing().Should().Be(1, "several balancings found it missing");
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(ConsumeFromWhere.LastOffset, 0)]
    public async Task NewGroup_SkipsMessages_IsReportedUnlessMeant(ConsumeFromWhere? where, int reports)
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.Broker.Append("T", 0, "m0");
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { ConsumeFromWhere = where });
        await consumer.SubscribeAsync("T", "*", static (_, _) => ValueTask.FromResult(ConsumeResult.Success));

        await consumer.StartAsync();
        await Eventually.TrueAsync(() => consumer.AssignedQueues.Count == 1, "the queue is read");

        _errors.Count(static error => error.Text.Contains("begins behind the 1 messages", StringComparison.Ordinal)).Should().Be(reports);
    }

    [Fact]
    public async Task OnError_ThatThrows_IsLoggedAndStopsNothing()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.Broker.Append("T", 0, "m0");
        cluster.Broker.Append("T", 0, "m1");
        RecordingLoggerFactory log = new();
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { LoggerFactory = log, OnError = static _ => throw new InvalidOperationException("callback") });
        int handled = 0;
        await consumer.SubscribeAsync("T", "*", (_, _) =>
        {
            Interlocked.Increment(ref handled);
            throw new InvalidOperationException("handler");
        });

        await consumer.StartAsync();

        await Eventually.TrueAsync(() => Volatile.Read(ref handled) == 2 && log.Messages.Contains("the OnError callback threw", StringComparer.Ordinal), "both came and the callback's failure is logged");
    }

    [Fact]
    public void StandardErrorLog_BelowWarnings_OpensNothing_AndWritesWarnings()
    {
        using MemoryStream output = new();
        int opened = 0;
        using (StandardErrorLog log = new(TimeProvider.System, Open, Eventually.DefaultDeadline))
        {
            ILogger logger = log.CreateLogger("RocketOps.Client");
            ClientLog.Rebalanced(logger, "g", 1, 1, "T");
            opened.Should().Be(0);

            ClientLog.TopicMissing(logger, "T", "g");
        }

        opened.Should().Be(1);
        Encoding.UTF8.GetString(output.ToArray()).Should().MatchRegex("warn Client\\[4134\\] topic T does not exist").And.NotContain("info");

        MemoryStream Open()
        {
            opened++;
            return output;
        }
    }

    private int Missing() => _errors.Count(static error => error.Text.Contains("topic Missing does not exist", StringComparison.Ordinal));

    private PushConsumerOptions Options(FakeCluster cluster) => cluster.ConsumerOptions with { OnError = _errors.Enqueue };

    private RocketMqPushConsumer Consumer(FakeCluster cluster, TimeSpan? rebalance = null) => new(Options(cluster) with { RebalanceInterval = rebalance ?? TimeSpan.FromSeconds(20) });
}
