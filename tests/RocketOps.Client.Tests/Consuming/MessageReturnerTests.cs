using System.Collections.Concurrent;
using System.Text;
using RocketOps.Client.Tests.Support;
using RocketOps.Remoting.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>What a handler gives back, when the broker that has the message does not take it back.</summary>
public sealed class MessageReturnerTests : ConsumerTestBase
{
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

    [Fact]
    public async Task GivenBack_NoRoomForTheProperties_StaysUnfinished()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.AddTopic("%RETRY%g", 1);
        cluster.Broker.Overrides[RequestCode.ConsumerSendMessageBack] = static request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "PROPERTIES_SIZE_EXCEEDED");
        cluster.Broker.Append("T", 0, "m", tag: new string('t', MessagePropertiesCodec.MaxBytes - 30));
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqPushConsumer consumer = new(Options(cluster) with { OnError = errors.Enqueue });
        await consumer.SubscribeAsync("T", "*", static (_, _) => ValueTask.FromResult(ConsumeResult.Later));
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => errors.Any(static error => error.Id.Id == 4127), "it is reported");
        await consumer.StopAsync();

        cluster.Broker.Of(RequestCode.SendMessageV2).Should().BeEmpty();
        cluster.Broker.Offsets.GetValueOrDefault(("T", 0)).Should().Be(0);
    }
}
