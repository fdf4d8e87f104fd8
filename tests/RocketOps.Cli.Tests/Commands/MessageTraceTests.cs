using System.Text.Json;
using RocketOps.Cli.Tests.Support;
using RocketOps.Client;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Commands;

/// <summary><c>message trace</c> of what our own client tells.</summary>
[Collection(nameof(ClusterFixture))]
public sealed class MessageTraceTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Trace_SentAndHandledTwice_SaysSo()
    {
        (string topic, string group) = (await cluster.NewTopicAsync(), cluster.NewName("Billing"));
        SendResult sent = await SendAsync(topic);
        await HandleTwiceAsync(topic, group);

        JsonElement[] told = [];
        await Eventually.TrueAsync(async () => (told = await TraceAsync(topic, sent.MessageId)).Length == 3, "all is told", Patience);

        told.Select(static each => (each.GetProperty("event").GetString(), each.GetProperty("group").GetString(), each.GetProperty("retry").ValueKind == JsonValueKind.Null ? -1 : each.GetProperty("retry").GetInt32(), each.GetProperty("result").GetString()))
            .Should().Equal(("sent", "orders", -1, "ok"), ("handled", group, 0, "failed"), ("handled", group, 1, "ok"));
        told[0].GetProperty("topic").GetString().Should().Be(topic);
        told[0].GetProperty("keys").GetString().Should().Be("order-17");
        told[0].GetProperty("bytes").GetInt32().Should().Be(5);
        told[0].GetProperty("broker").GetString().Should().Be(cluster.Cluster.BrokerAddress);
        (await TraceAsync(topic, sent.OffsetMessageId)).Should().HaveCount(3, "the offset id is one of the same message");
        (await cluster.RunAsync("message", "trace", topic, sent.MessageId)).EnsureSuccess().OutputLines.Should().HaveCount(4)
            .And.ContainMatch("TIME *EVENT *GROUP *CLIENT *RETRY *MILLIS *RESULT").And.ContainMatch($"20* sent *orders *ok").And.ContainMatch($"20* handled *{group} * 1 * ok");
    }

    [Fact]
    public async Task Trace_NobodyHasTold_SaysWhoWould()
    {
        string topic = await cluster.NewTopicAsync();
        await SendAsync(topic);
        string id = (await cluster.RunAsync("produce", topic, "silent", "-o", "json")).EnsureSuccess().Output;
        id = JsonSerializer.Deserialize<JsonElement>(id).GetProperty("messageId").GetString()!;

        CliRun run = await cluster.RunAsync("message", "trace", topic, id);

        run.ExitCode.Should().Be(1);
        run.Output.Should().BeEmpty();
        run.Error.Should().Be($"nobody has told RMQ_SYS_TRACE_TOPIC of message {id}: clients do with EnableTrace, some seconds after it happened\n");
        CliRun none = await cluster.RunAsync("message", "trace", topic, id, "--trace-topic", "NeverMade");
        none.ExitCode.Should().Be(1);
        none.Error.Should().StartWith("rocketops: there is no topic NeverMade: nobody tells what happens to messages.");
    }

    private async Task<SendResult> SendAsync(string topic)
    {
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = cluster.Cluster.NameServerAddress, Group = "orders", EnableTrace = true, RequestTimeout = Patience, SendTimeout = Patience });
        return await producer.SendAsync(new Message(topic, "hello", keys: "order-17"));
    }

    private async Task HandleTwiceAsync(string topic, string group)
    {
        TaskCompletionSource handled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(new PushConsumerOptions
        {
            NameServers = cluster.Cluster.NameServerAddress,
            Group = group,
            EnableTrace = true,
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            RequestTimeout = Patience,
        });
        await consumer.SubscribeAsync(topic, "*", (message, _) =>
        {
            if (message.ReconsumeTimes == 0)
            {
                return ValueTask.FromResult(ConsumeResult.LaterAt(1));
            }

            handled.TrySetResult();
            return ValueTask.FromResult(ConsumeResult.Success);
        });
        await consumer.StartAsync();
        await handled.Task.WaitAsync(Patience);
    }

    private async Task<JsonElement[]> TraceAsync(string topic, string id) =>
        [.. JsonSerializer.Deserialize<JsonElement>((await cluster.RunAsync("message", "trace", topic, id, "-o", "json")).Output).EnumerateArray()];
}
