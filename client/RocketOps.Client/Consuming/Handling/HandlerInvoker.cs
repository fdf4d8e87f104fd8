using System.Collections.Concurrent;
using System.Diagnostics;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Tracing;

namespace RocketOps.Client.Consuming.Handling;

/// <summary>Calls the handler of a message's topic, within a span, and turns everything that can happen into an outcome.</summary>
/// <param name="client">Connections and log.</param>
/// <param name="options">The user's.</param>
/// <param name="handlers">By topic.</param>
/// <param name="tracer">Is told of every call; null for nobody.</param>
internal sealed class HandlerInvoker(ClientInstance client, PushConsumerOptions options, ConcurrentDictionary<string, MessageHandler> handlers, MessageTracer? tracer = null)
{
    /// <summary>A handler that took longer is traced as one that timed out. Matches consumeTimeout (15 min).</summary>
    private static readonly TimeSpan LongHandling = TimeSpan.FromMinutes(15);

    /// <summary>Never throws. What was thrown, or why the message cannot be handed out, is in the outcome for the caller to log.</summary>
    /// <param name="stored">What to handle.</param>
    /// <param name="queue">Where it was read.</param>
    /// <param name="attempts">How often it was handled here before.</param>
    /// <param name="cancellationToken">The handler's token.</param>
    public async ValueTask<HandlerOutcome> InvokeAsync(StoredMessage stored, MessageQueue queue, int attempts, CancellationToken cancellationToken)
    {
        try
        {
            ReceivedMessage received = ReceivedMessages.From(stored, queue, options.MaxDecompressedBytes, options.ZstdDecompressor);
            if (attempts > 0)
            {
                received = received with { ReconsumeTimes = received.ReconsumeTimes + attempts };
            }

            return !handlers.TryGetValue(received.Topic, out MessageHandler? handler)
                ? throw new InvalidDataException($"nothing is subscribed to its topic {received.Topic}")
                : tracer is not null && IsTraced(tracer, received)
                ? await CallTracedAsync(tracer, handler, received, stored, cancellationToken).ConfigureAwait(false)
                : new HandlerOutcome(await CallAsync(handler, received, stored, cancellationToken).ConfigureAwait(false), Failure: null);
        }
        catch (Exception failure)
        {
            return OutcomeOf(failure, cancellationToken);
        }
    }

    /// <summary>A handler that ends as its token tells it to has not failed: it must cost the message neither a delivery nor, with the last one, its place in the topic.</summary>
    private static HandlerOutcome OutcomeOf(Exception failure, CancellationToken cancellationToken) =>
        failure is OperationCanceledException && cancellationToken.IsCancellationRequested ? new HandlerOutcome(ConsumeResult.Abandoned, Failure: null) : new HandlerOutcome(ConsumeResult.Later, failure);

    private static bool IsTraced(MessageTracer tracer, ReceivedMessage message) => tracer.Traces(message.Topic) && message.Properties.GetValueOrDefault(PropertyNames.TraceOn) != "false";

    private async Task<HandlerOutcome> CallTracedAsync(MessageTracer tracer, MessageHandler handler, ReceivedMessage received, StoredMessage stored, CancellationToken cancellationToken)
    {
        string request = tracer.NextRequestId();
        long begin = options.TimeProvider.GetTimestamp();
        tracer.Add(new BeforeHandlingTraceEntry(
            received.MessageId, received.Keys, new TraceOrigin(tracer.NowMs, received.Properties.GetValueOrDefault(PropertyNames.Region), options.Group),
            request, received.ReconsumeTimes));
        HandlerOutcome outcome;
        try
        {
            outcome = new HandlerOutcome(await CallAsync(handler, received, stored, cancellationToken).ConfigureAwait(false), Failure: null);
        }
        catch (Exception failure)
        {
            outcome = OutcomeOf(failure, cancellationToken);
        }

        TimeSpan elapsed = options.TimeProvider.GetElapsedTime(begin);
        bool succeeded = outcome is { Failure: null, Result: { IsReturned: false, IsAbandoned: false } };
        HandlingCode code = elapsed >= LongHandling ? HandlingCode.TimedOut : outcome.Failure is not null ? HandlingCode.Threw : succeeded ? HandlingCode.Success : HandlingCode.Failed;
        tracer.Add(new AfterHandlingTraceEntry(
            received.MessageId, received.Keys, request, (long)elapsed.TotalMilliseconds, succeeded, code, tracer.NowMs, options.Group));
        return outcome;
    }

    private async Task<ConsumeResult> CallAsync(MessageHandler handler, ReceivedMessage received, StoredMessage stored, CancellationToken cancellationToken)
    {
        long begin = options.TimeProvider.GetTimestamp();
        Activity? span = ClientTelemetry.StartProcess(stored, received.Topic, options.Group, client.ClientId, options.MessageModel);
        Exception? failure = null;
        try
        {
            return await handler(received, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
        finally
        {
            ClientTelemetry.EndProcess(span, received.Topic, options.Group, options.TimeProvider.GetElapsedTime(begin), failure);
        }
    }
}

/// <summary>Outcome of a handler call; after a failure the handler gave no result, and it is <see cref="ConsumeResult.Later"/>.</summary>
internal readonly record struct HandlerOutcome(ConsumeResult Result, Exception? Failure);
