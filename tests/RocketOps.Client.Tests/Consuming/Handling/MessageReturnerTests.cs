using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Consuming.Handling;

/// <summary>What a handler gives back, when the broker that has the message does not take it back.</summary>
public sealed class MessageReturnerTests : ConsumerTestBase
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("later", "3", "1")]
    [InlineData("level 7", "7", "1")]
    [InlineData("dead letter", null, "17")]
    public async Task GivenBack_BrokerRefuses_TheMessageIsSentToTheRetryTopic(string result, string? delay, string reconsumeTimes)
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.AddTopic("%RETRY%g", 1);
        cluster.Broker.Overrides[RequestCode.ConsumerSendMessageBack] = static request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "look message by offset failed");
        cluster.Broker.Append("T", 0, "m", tag: "A");
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { OnError = errors.Enqueue });
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            await Collect(message, token);
            return message.Queue.Topic != "T" ? ConsumeResult.Success : result switch
            {
                "later" => ConsumeResult.Later,
                "level 7" => ConsumeResult.LaterAt(7),
                _ => ConsumeResult.DeadLetter,
            };
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Count == 2, "the fake broker delivers it at once");
        await consumer.StopAsync();

        RemotingCommand sent = cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle().Which;
        sent.ExtFields.Should().Contain("b", "%RETRY%g").And.Contain("j", reconsumeTimes).And.Contain("l", "16").And.Contain("a", "CLIENT_INNER_PRODUCER");
        Dictionary<string, string> properties = MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(sent.GetRequired("i")));
        properties.Should().Contain("RETRY_TOPIC", "T").And.Contain("ORIGIN_MESSAGE_ID", "id-m").And.Contain("UNIQ_KEY", "id-m").And.Contain("TAGS", "A");
        properties.GetValueOrDefault("DELAY").Should().Be(delay);
        Received.Last().Topic.Should().Be("T");
        cluster.Broker.Offsets[("T", 0)].Should().Be(1);
        errors.Should().ContainSingle(static error => error.Id.Id == 4151, "whoever runs it learns of the broker");
    }

    [Fact]
    public async Task GivenBack_BrokerIsAway_AnotherOneTakesTheMessage()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync(brokers: 2);
        cluster.AddTopic("T", 1);
        cluster.AddTopic("%RETRY%g", 1);
        cluster.Broker.Append("T", 0, "m");
        TaskCompletionSource away = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { OnError = static _ => { } });
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            await Collect(message, token);
            await away.Task;
            return message.Queue.Topic == "T" ? ConsumeResult.Later : ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Count == 1, "a handler has it");

        await cluster.Broker.DisposeAsync();
        away.SetResult();

        await Eventually.TrueAsync(() => Texts.Count == 2, "it comes again, from the other broker");
        Received.Last().Queue.Should().Be(new MessageQueue("%RETRY%g", "broker-b", 0));
    }

    /// <summary>As a broker refuses that adds to the properties without leaving anything out; the client cannot add to them either.</summary>
    [Fact]
    public async Task GivenBack_NoRoomForTheProperties_IsHandledAgainHereAndBecomesADeadLetterAsItIs()
    {
        await using FakeCluster cluster = await StartRefusingClusterAsync();
        (string, string)[] noted = [("CLUSTER", "C"), ("MSG_REGION", "R"), ("TRACE_ON", "true"), ("WAIT", "true"), ("REAL_TOPIC", "T")];
        cluster.Broker.Append("T", 0, "m", tag: new string('t', MessagePropertiesCodec.MaxBytes - 85), noted: noted);
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqPushConsumer consumer = new(LocalOptions(cluster, errors));
        await consumer.SubscribeAsync("T", "*", GiveBackAsync);
        await consumer.StartAsync();

        await PassUntilAsync(() => cluster.Broker.Offsets.GetValueOrDefault(("T", 0)) == 1, "it is out of the way");
        await consumer.StopAsync();

        Received.Where(static message => message.Queue.Topic == "T").Select(static message => message.ReconsumeTimes).Should().Equal(0, 1, 2, 3);
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack).Select(static request => request.Get("delayLevel")).Should().Equal("0", "0", "0", "-1");
        RemotingCommand dead = cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle("the others had no room").Which;
        dead.ExtFields.Should().Contain("b", "%RETRY%g").And.Contain("j", "4").And.Contain("l", "3", "such a one goes to the dead letters");
        MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(dead.GetRequired("i"))).Keys.Should().BeEquivalentTo("UNIQ_KEY", "TAGS");
        errors.Should().ContainSingle(static error => error.Id.Id == 4151).And.NotContain(static error => error.Id.Id == 4153);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GivenBack_BrokersRefuseTheMessageForGood_IsPassedOverLoudly(bool isInner)
    {
        string group = isInner ? "inner" : "whole";
        ConcurrentQueue<string> counted = new();
        using MeterListener meters = CountPassedOver(group, counted);
        await using FakeCluster cluster = await StartRefusingClusterAsync(group);
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request => RemotingCommand.CreateResponse(request, ResponseCode.MessageIllegal, "the message is illegal");
        if (isInner)
        {
            cluster.Broker.AppendBatch("T", 0, ("m", "A"), ("n", "A"));
        }
        else
        {
            cluster.Broker.Append("T", 0, "m");
            cluster.Broker.Append("T", 0, "n");
        }

        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqPushConsumer consumer = new(LocalOptions(cluster, errors) with { Group = group });
        await consumer.SubscribeAsync("T", "*", async (message, token) => Text(message) == "m" ? await GiveBackAsync(message, token) : await Collect(message, token));
        await consumer.StartAsync();

        await PassUntilAsync(() => cluster.Broker.Offsets.GetValueOrDefault(("T", 0)) == 2, "the queue goes on");
        await consumer.StopAsync();

        Received.Where(static message => Text(message) == "m").Select(static message => message.ReconsumeTimes).Should().Equal(0, 1, 2, 3);
        ClientError passedOver = errors.Should().ContainSingle(static error => error.Id.Id == 4153).Which;
        passedOver.Should().Match<ClientError>(static error => error.Level == LogLevel.Error && error.MessageId == "id-m" && error.Queue == new MessageQueue("T", "broker-a", 0));
        passedOver.Text.Should().Contain("at 0 of").And.Contain("the message is illegal");
        counted.Should().Equal($"T {group} 1");
    }

    [Fact]
    public async Task GivenBack_BrokersRefuseForAnotherReason_StaysUnfinishedHoweverOften()
    {
        await using FakeCluster cluster = await StartRefusingClusterAsync();
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request => RemotingCommand.CreateResponse(request, ResponseCode.NoPermission, "the broker is read-only");
        cluster.Broker.Append("T", 0, "m");
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqPushConsumer consumer = new(LocalOptions(cluster, errors));
        await consumer.SubscribeAsync("T", "*", GiveBackAsync);
        await consumer.StartAsync();

        await PassUntilAsync(() => Received.Count > 8, "it is handled again and again");
        cluster.Broker.Overrides.Clear();
        await PassUntilAsync(() => cluster.Broker.Offsets.GetValueOrDefault(("T", 0)) == 1, "it is taken in the end");
        await consumer.StopAsync();

        Received.Select(static message => message.ReconsumeTimes).Take(8).Should().Equal(0, 1, 2, 3, 4, 5, 6, 7);
        cluster.Broker.Of(RequestCode.ConsumerSendMessageBack)[^1].Get("delayLevel").Should().Be("-1", "it has had its deliveries");
        errors.Should().NotContain(static error => error.Id.Id == 4153, "any other message would fare alike");
    }

    /// <summary>A failover or a power cut may take what the retry topic has: the queue's offset does not go on for it, for a retry nor for a dead letter.</summary>
    [Theory]
    [InlineData(ResponseCode.FlushDiskTimeout)]
    [InlineData(ResponseCode.FlushSlaveTimeout)]
    public async Task GivenBack_TheRetryTopicHasItLessSafely_StaysUnfinishedUntilItIsSafe(int code)
    {
        await using FakeCluster cluster = await StartRefusingClusterAsync();
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = request => Stored(request, code);
        cluster.Broker.Append("T", 0, "m");
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqPushConsumer consumer = new(LocalOptions(cluster, errors));
        await consumer.SubscribeAsync("T", "*", GiveBackAsync);
        await consumer.StartAsync();

        await PassUntilAsync(() => Received.Count > 5 || IsFinished(), "it is handled again, also after its last delivery");
        IsFinished().Should().BeFalse("nothing has it safely");
        cluster.Broker.Overrides.TryRemove(RequestCode.SendMessageV2, out _);
        await PassUntilAsync(IsFinished, "the retry topic has it safely in the end");
        await consumer.StopAsync();

        cluster.Broker.Of(RequestCode.SendMessageV2)[^1].Get("j").Should().Be("4", "it has had its deliveries, and is a dead letter");
        errors.Should().NotContain(static error => error.Id.Id == 4153).And.Contain(static error => error.Text.Contains("not as safely as it is to be", StringComparison.Ordinal));

        bool IsFinished() => cluster.Broker.Offsets.GetValueOrDefault(("T", 0)) == 1;
    }

    /// <summary>That may last, and each attempt would be there once more.</summary>
    [Fact]
    public async Task GivenBack_TheRetryTopicsBrokerHasNoSlave_IsDone()
    {
        await using FakeCluster cluster = await StartRefusingClusterAsync();
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request => Stored(request, ResponseCode.SlaveNotAvailable);
        cluster.Broker.Append("T", 0, "m");
        await using RocketMqPushConsumer consumer = new(LocalOptions(cluster, []));
        await consumer.SubscribeAsync("T", "*", GiveBackAsync);
        await consumer.StartAsync();

        await PassUntilAsync(() => cluster.Broker.Offsets.GetValueOrDefault(("T", 0)) == 1, "it is out of the way");
        await consumer.StopAsync();

        cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle();
    }

    [Fact]
    public async Task Orderly_DeadLetterThatBrokersRefuseForGood_IsPassedOverLoudly()
    {
        await using FakeCluster cluster = await StartRefusingClusterAsync();
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request => RemotingCommand.CreateResponse(request, ResponseCode.MessageIllegal, "the message is illegal");
        cluster.Broker.Append("T", 0, "m");
        cluster.Broker.Append("T", 0, "n");
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly: true) with { OnError = errors.Enqueue });
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            await Collect(message, token);
            return Text(message) == "m" ? ConsumeResult.DeadLetter : ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => Texts.Contains("n"), "the queue goes on");
        await consumer.StopAsync();

        Texts.Should().Equal("m", "n");
        errors.Should().ContainSingle(static error => error.Id.Id == 4153);
        cluster.Broker.Offsets[("T", 0)].Should().Be(2);
    }

    private static async Task<FakeCluster> StartRefusingClusterAsync(string group = "g")
    {
        FakeCluster cluster = await StartClusterAsync(queues: 1);

        // Nobody reads it: the fake broker does not know that some of it are dead letters.
        cluster.AddTopic("%RETRY%" + group, 1, perm: 2);
        cluster.Broker.Overrides[RequestCode.ConsumerSendMessageBack] = static request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "PROPERTIES_SIZE_EXCEEDED");
        return cluster;
    }

    private static RemotingCommand Stored(RemotingCommand request, int code) =>
        RemotingCommand.CreateResponse(request, code).Set("msgId", "7F000001000000000000000000000000").Set("queueId", request.Get("e")).Set("queueOffset", 0);

    private static MeterListener CountPassedOver(string group, ConcurrentQueue<string> counted)
    {
        MeterListener meters = new()
        {
            InstrumentPublished = static (instrument, own) =>
            {
                if (instrument.Name == "rocketops.client.passed_over.messages")
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            Dictionary<string, object?> all = new(tags.ToArray(), StringComparer.Ordinal);
            if (Equals(all["messaging.consumer.group.name"], group))
            {
                counted.Enqueue($"{all["messaging.destination.name"]} {group} {count}");
            }
        });
        meters.Start();
        return meters;
    }

    // No limit of a request ends while the clock runs ahead.
    private PushConsumerOptions LocalOptions(FakeCluster cluster, ConcurrentQueue<ClientError> errors) => Options(cluster) with
    {
        MaxReconsumeTimes = 3,
        TimeProvider = _time,
        ConnectTimeout = TimeSpan.FromDays(1),
        RequestTimeout = TimeSpan.FromDays(1),
        PullTimeout = TimeSpan.FromDays(1),
        ConsumeTimeout = TimeSpan.FromDays(1),
        ShutdownTimeout = TimeSpan.FromDays(1),
        OnError = errors.Enqueue,
    };

    private async ValueTask<ConsumeResult> GiveBackAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        await Collect(message, cancellationToken);
        return message.Queue.Topic == "T" ? ConsumeResult.Later : ConsumeResult.Success;
    }

    // What waits for its time goes on whenever it has begun to wait.
    private Task PassUntilAsync(Func<bool> condition, string what) => Eventually.TrueAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return condition();
        },
        what);
}
