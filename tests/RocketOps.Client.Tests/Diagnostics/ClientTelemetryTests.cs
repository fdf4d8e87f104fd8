using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Diagnostics;

/// <summary>What a listener for OpenTelemetry sees. Topics are this class's own: other tests run beside it.</summary>
public sealed class ClientTelemetryTests
{
    private const string Topic = "TelemetryTopic";

    [Fact]
    public async Task SendAndHandle_WithAListener_AreSpansOfOneTraceAndCounted()
    {
        ConcurrentQueue<Activity> spans = new();
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == "RocketOps.Client",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (Equals(span.GetTagItem("messaging.destination.name"), Topic))
                {
                    spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        ConcurrentQueue<string> measured = new();
        using MeterListener meters = new();
        meters.InstrumentPublished = static (instrument, own) =>
        {
            if (instrument.Meter.Name == "RocketOps.Client")
            {
                own.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(measured, instrument, tags));
        meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(measured, instrument, tags));
        meters.Start();
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic(Topic, 1);
        await using RocketMqProducer producer = new(cluster.ProducerOptions);

        SendResult sent = await producer.SendAsync(new Message(Topic, "hello", "TagA", "k1"));

        string properties = cluster.Broker.Of(RequestCode.SendMessageV2).Single().GetRequired("i");
        Activity send = spans.Single();
        MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(properties))["traceparent"].Should().Be(send.Id);
        send.DisplayName.Should().Be("send " + Topic);
        send.Kind.Should().Be(ActivityKind.Producer);
        send.GetTagItem("messaging.system").Should().Be("rocketmq");
        send.GetTagItem("messaging.message.id").Should().Be(sent.MessageId);

        await using RocketMqPushConsumer consumer = new(cluster.ConsumerOptions with { OnError = static _ => { } });
        await consumer.SubscribeAsync(Topic, "*", static (_, _) => throw new InvalidOperationException("no bottles"));
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => spans.Count == 2 && measured.Count == 4, "the message was handled and measured");

        Activity process = spans.Last();
        process.DisplayName.Should().Be("process " + Topic);
        process.Kind.Should().Be(ActivityKind.Consumer);
        process.TraceId.Should().Be(send.TraceId);
        process.ParentSpanId.Should().Be(send.SpanId);
        process.Status.Should().Be(ActivityStatusCode.Error);
        process.GetTagItem("error.type").Should().Be("System.InvalidOperationException");
        process.GetTagItem("messaging.consumer.group.name").Should().Be("g");
        process.GetTagItem("rocketmq.message.tag").Should().Be("TagA");
        measured.Should().BeEquivalentTo(
            "messaging.client.sent.messages ", "messaging.client.operation.duration ",
            "messaging.client.consumed.messages System.InvalidOperationException", "messaging.process.duration System.InvalidOperationException");
    }

    private static void Note(ConcurrentQueue<string> measured, Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Dictionary<string, object?> all = new(tags.ToArray(), StringComparer.Ordinal);
        if (Equals(all.GetValueOrDefault("messaging.destination.name"), Topic))
        {
            measured.Enqueue($"{instrument.Name} {all.GetValueOrDefault("error.type")}");
        }
    }
}
