using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RocketOps.Client.Diagnostics;

/// <summary>
/// Spans and metrics by OpenTelemetry's messaging conventions, through the platform's own types: without a listener they cost a
/// comparison. The context of the span that
/// sends travels in the message's properties (<c>traceparent</c>, <c>tracestate</c>), and the span that handles it is its child.
/// </summary>
internal static class ClientTelemetry
{
    /// <summary>Name of the activity source and of the meter, part of the public contract (docs/client.md).</summary>
    public const string Name = "RocketOps.Client";

    public const string Send = "send";
    public const string Process = "process";

    public const string TraceParent = "traceparent";
    public const string TraceState = "tracestate";

    /// <summary>Length of a span's id: <c>00-</c>, 32 digits of the trace, 16 of the span, 2 of flags.</summary>
    private const int W3CIdChars = 55;
    private const int SeparatorsOfAProperty = 2;

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    // The boundaries that the conventions advise for operations of messaging clients.
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };

    private static readonly Counter<long> Sent = Meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages that producers tried to send");
    private static readonly Histogram<double> SendTime = Meter.CreateHistogram("messaging.client.operation.duration", "s", "Time of a send with all its attempts", tags: null, Seconds);
    private static readonly Counter<long> Consumed = Meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Messages handed to handlers");
    private static readonly Histogram<double> ProcessTime = Meter.CreateHistogram("messaging.process.duration", "s", "Time of a handler", tags: null, Seconds);

    private static readonly Counter<long> PassedOver = Meter.CreateCounter<long>(
        "rocketops.client.passed_over.messages", "{message}", "Messages that no handler did and no broker took back, not even as dead letters");

    public static Activity? StartSend(string topic, string clientId)
    {
        Activity? span = Source.StartActivity($"{Send} {topic}", ActivityKind.Producer);
        Describe(span, Send, "send", topic, clientId);
        return span;
    }

    public static void EndSend(Activity? span, string topic, int messages, TimeSpan elapsed, SendResult? result, Exception? failure)
    {
        if (span is not null && result is not null)
        {
            span.SetTag("messaging.message.id", result.MessageId);
            span.SetTag("messaging.destination.partition.id", $"{result.Queue.BrokerName}/{result.Queue.QueueId}");
        }

        if (messages > 1)
        {
            span?.SetTag("messaging.batch.message_count", messages);
        }

        End(span, failure);
        if (Sent.Enabled || SendTime.Enabled)
        {
            TagList tags = Tags(Send, topic, group: null, failure);
            Sent.Add(messages, tags);
            SendTime.Record(elapsed.TotalSeconds, tags);
        }
    }

    public static Activity? StartProcess(StoredMessage message, string topic, string group, string clientId, MessageModel model)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        _ = ActivityContext.TryParse(message.Properties.GetValueOrDefault(TraceParent), message.Properties.GetValueOrDefault(TraceState), isRemote: true, out ActivityContext sender);
        Activity? span = Source.StartActivity($"{Process} {topic}", ActivityKind.Consumer, sender);
        if (span is null)
        {
            return null;
        }

        Describe(span, Process, "process", topic, clientId);
        span.SetTag("messaging.consumer.group.name", group);
        span.SetTag("messaging.message.id", message.Properties.GetValueOrDefault(PropertyNames.UniqKey));
        span.SetTag("messaging.message.body.size", message.Body.Length);
        span.SetTag("rocketmq.consumption_model", model == MessageModel.Clustering ? "clustering" : "broadcasting");
        span.SetTag("rocketmq.message.tag", message.Properties.GetValueOrDefault(PropertyNames.Tags));
        span.SetTag("rocketmq.message.keys", message.Properties.GetValueOrDefault(PropertyNames.Keys));
        return span;
    }

    public static void EndProcess(Activity? span, string topic, string group, TimeSpan elapsed, Exception? failure)
    {
        End(span, failure);
        if (Consumed.Enabled || ProcessTime.Enabled)
        {
            TagList tags = Tags(Process, topic, group, failure);
            Consumed.Add(1, tags);
            ProcessTime.Record(elapsed.TotalSeconds, tags);
        }
    }

    /// <summary>A group goes on behind a message that it could neither handle nor give back.</summary>
    public static void PassOver(string topic, string group)
    {
        if (PassedOver.Enabled)
        {
            PassedOver.Add(1, new TagList { { "messaging.system", "rocketmq" }, { "messaging.destination.name", topic }, { "messaging.consumer.group.name", group } });
        }
    }

    /// <summary>
    /// The context that a message carries: of the sending span, or of what is current when nobody listens to ours; nothing when the
    /// application gave the message one.
    /// </summary>
    public static (string? Parent, string? State) ContextFor(Activity? span, Dictionary<string, string> properties)
    {
        if ((span ?? Activity.Current) is not { IdFormat: ActivityIdFormat.W3C, Id: { } id } context || properties.ContainsKey(TraceParent) || properties.ContainsKey(TraceState))
        {
            return (null, null);
        }

        return (id, context.TraceStateString is { Length: > 0 } state && !MessagePropertiesCodec.ContainsSeparator(state) ? state : null);
    }

    /// <summary>Bytes that the context of a span will add to a message that has none yet: 0 while nobody listens.</summary>
    public static int BytesToReserve(Dictionary<string, string> properties) =>
        !Source.HasListeners() || Activity.Current is not null || properties.ContainsKey(TraceParent) || properties.ContainsKey(TraceState)
            ? 0 : TraceParent.Length + W3CIdChars + SeparatorsOfAProperty;

    private static void Describe(Activity? span, string operation, string type, string topic, string clientId)
    {
        if (span is not null)
        {
            span.SetTag("messaging.system", "rocketmq");
            span.SetTag("messaging.operation.name", operation);
            span.SetTag("messaging.operation.type", type);
            span.SetTag("messaging.destination.name", topic);
            span.SetTag("messaging.client.id", clientId);
        }
    }

    private static void End(Activity? span, Exception? failure)
    {
        if (span is null)
        {
            return;
        }

        if (failure is not null)
        {
            span.SetTag("error.type", ErrorType(failure));
            span.SetStatus(ActivityStatusCode.Error, failure.Message);
        }

        span.Dispose();
    }

    private static TagList Tags(string operation, string topic, string? group, Exception? failure)
    {
        TagList tags = new()
        {
            { "messaging.system", "rocketmq" },
            { "messaging.operation.name", operation },
            { "messaging.destination.name", topic },
        };
        if (group is not null)
        {
            tags.Add("messaging.consumer.group.name", group);
        }

        if (failure is not null)
        {
            tags.Add("error.type", ErrorType(failure));
        }

        return tags;
    }

    private static string ErrorType(Exception failure) =>
        failure is RocketMqException { ResponseCode: { } code } ? code.ToString(System.Globalization.CultureInfo.InvariantCulture) : failure.GetType().FullName!;
}
